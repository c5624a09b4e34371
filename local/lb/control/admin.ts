/** The admin API: paths and shapes as `local/api.ts` says; what comes in is checked here, what it means is `Control`'s. */
import type { z } from "zod";
import { JsonHttpError, type JsonRequest, TextAnswer } from "../../http-json";
import type { Control } from "./control";
import { exposition } from "./metrics";
import { alarmsSchema, mistakes, routeSchema, targetGroupSchema } from "./schemas";

export async function answerAdmin(control: Control, request: JsonRequest): Promise<unknown> {
  const { method, path, body } = request;
  const [collection, name] = path;
  if (path.length === 0 && method === "GET") return control.state();
  if (path.length === 1 && method === "GET" && collection === "metrics") return new TextAnswer(exposition(control));
  if (path.length === 1 && method === "GET" && collection === "stats")
    return { teams: Object.fromEntries(control.teams().map((team) => [team, control.stats(team)])) };
  if (path.length === 2 && name !== undefined)
    switch (`${method} ${collection}`) {
      case "PUT target-groups":
        return control.putTargetGroup(checkName(name), check(targetGroupSchema, body));
      case "GET target-groups":
        return control.targetGroup(name);
      case "DELETE target-groups":
        return control.deleteTargetGroup(name);
      case "PUT routes": {
        const route = check(routeSchema, body);
        if (route.team !== name) throw new JsonHttpError(422, "usage", `team: expected ${name}, found ${route.team}`);
        return control.putRoute(route);
      }
      case "GET routes":
        return control.route(name);
      case "DELETE routes":
        return control.deleteRoute(name);
      case "PUT alarms":
        return control.putAlarms(checkName(name), check(alarmsSchema, body));
      case "GET stats":
        return control.stats(name);
    }
  throw new JsonHttpError(404, "not-found", `the load balancer has no ${method} /${path.join("/")}`);
}

function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new JsonHttpError(422, "usage", mistakes(parsed.error));
}

function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return name;
  throw new JsonHttpError(
    422,
    "usage",
    `expected a name of letters, digits, dots, hyphens and underscores, found ${JSON.stringify(name)}`,
  );
}
