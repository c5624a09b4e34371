/** HAProxy's config file, rendered from routes and target groups. Pure: the same input is the same text. */
import { SwitchyardError } from "../../config/errors";
import { errorHeader, type RouteSpec, slotHeader, type TargetGroupSpec } from "../api";

export interface Rendering {
  host: string;
  port: number;
  socket: string;
  routes: RouteSpec[];
  targetGroups: ReadonlyMap<string, TargetGroupSpec>;
}

/** WebSockets have backends of their own, so that they are counted apart and can be closed apart. */
export const backendsOf = (team: string): { http: string; webSocket: string } => ({
  http: `http:${team}`,
  webSocket: `ws:${team}`,
});

/** What `counting.ts` reads: backend, server, status, the slot's answering time in ms, termination state. */
const logFormat = "%b %s %ST %Tr %ts";

export function render({ host, port, socket, routes, targetGroups }: Rendering): string {
  const prefixes = routes
    .flatMap((route) => route.paths.map((path) => ({ team: route.team, prefix: path.replace(/\/$/, "") })))
    // Longest first: the first rule that matches is taken.
    .sort((a, b) => b.prefix.length - a.prefix.length);
  const rules = prefixes.flatMap(({ team, prefix }) => {
    const matches = `{ path ${quoted(prefix === "" ? "/" : prefix)} } || { path_beg ${quoted(`${prefix}/`)} }`;
    const { http, webSocket } = backendsOf(team);
    // `a b || c d` binds as (a and b) or (c and d), so the WebSocket's condition stands in both.
    const upgrade = "{ hdr(upgrade) -i websocket }";
    return [
      `  use_backend ${webSocket} if ${matches
        .split(" || ")
        .map((match) => `${upgrade} ${match}`)
        .join(" || ")}`,
      `  use_backend ${http} if ${matches}`,
    ];
  });
  return `${[
    "global",
    `  stats socket ${quoted(socket)} mode 600 level admin expose-fd listeners`,
    "  log stdout format raw local0 info",
    "  hard-stop-after 60s",
    "defaults",
    "  mode http",
    "  log global",
    // Logged when the answer begins: a WebSocket's line does not wait for its end.
    "  option logasap",
    "  option http-keep-alive",
    "  timeout connect 5s",
    "  timeout client 1h",
    "  timeout http-request 15s",
    "  timeout http-keep-alive 75s",
    "  retries 1",
    "  retry-on conn-failure empty-response",
    "frontend entry",
    `  bind ${host.includes(":") ? `[${host}]` : host}:${port}`,
    `  log-format ${quoted(logFormat)}`,
    "  option forwardfor",
    "  http-request set-header X-Forwarded-Proto http",
    "  http-request set-header X-Forwarded-Host %[req.hdr(host)]",
    ...rules,
    "  default_backend nobody",
    "backend nobody",
    `  http-request return status 404 content-type application/json hdr ${errorHeader} no-route lf-string ${quoted(`{"error":{"code":"no-route","message":"no route takes %[path,json(utf8s)]"}}`)}`,
    ...routes.flatMap((route) => backends(route, targetGroups)),
  ].join("\n")}\n`;
}

function backends(route: RouteSpec, targetGroups: ReadonlyMap<string, TargetGroupSpec>): string[] {
  const { http, webSocket } = backendsOf(route.team);
  const groups = Object.entries(route.targetGroups).flatMap(([slot, name]) => {
    const spec = targetGroups.get(name);
    return spec === undefined ? [] : [{ slot, spec, weight: route.weights[slot] ?? 0 }];
  });
  const serverTimeoutMs = Math.max(1000, ...groups.map(({ spec }) => spec.requestTimeoutMs));
  const common = [
    "  balance roundrobin",
    `  timeout server ${serverTimeoutMs}ms`,
    // Sent a second time only where nothing can have happened, or may happen twice.
    "  http-request disable-l7-retry if !{ method GET HEAD OPTIONS }",
    "  http-response del-header keep-alive",
    `  http-response set-header ${slotHeader} %[srv_name]`,
    ...[
      [502, "slot-unavailable", "the slot closed the connection before it answered"],
      [503, "no-weight", "no slot of the route has weight and answers"],
      [504, "slot-timeout", "the slot gave no answer in time"],
    ].map(([status, code, words]) => {
      const body = JSON.stringify({ error: { code, message: `team ${route.team}: ${words}` }, team: route.team });
      return `  http-error status ${status} content-type application/json string ${quoted(body)} hdr ${errorHeader} ${code}${status === 503 ? " hdr retry-after 1" : ""}`;
    }),
  ];
  const servers = groups.map(
    ({ slot, spec, weight }) =>
      `  server ${slot} ${spec.host.includes(":") ? `[${spec.host}]` : spec.host}:${spec.port} weight ${weight}`,
  );
  return [
    `backend ${http}`,
    ...common,
    ...servers,
    `backend ${webSocket}`,
    ...common,
    "  timeout tunnel 24h",
    ...servers,
  ];
}

/** HAProxy's strong quotes take everything but themselves. */
function quoted(text: string): string {
  if (/['\r\n]/.test(text)) throw new SwitchyardError("usage", `HAProxy's config cannot hold ${JSON.stringify(text)}`);
  return `'${text}'`;
}
