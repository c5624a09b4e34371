import type { TeamSettings } from "../../config/settings";
import { livePlatform } from "../../local/client";
import { type Engine, TestProject, until } from "./stacks";

/** The same promises for every engine, with real daemons: environment up, a team's stack up, a release by hand, all down again. */
export function stacksKeepTheirPromises(engine: Engine): void {
  const project = new TestProject(engine);
  const run = project.run.bind(project);
  let settings: TeamSettings;

  beforeAll(() => project.choosePorts());
  afterAll(() => project.dispose());

  test("a team's stack says what to do while its environment is down", async () => {
    await expect(run("preview", "dev.ai-workflow", {})).rejects.toThrow("Environment dev has not been brought up");
  });

  test("the environment comes up with nothing else running, and a second up changes nothing", async () => {
    const outputs = await run("up", "dev", project.environmentConfig());
    settings = outputs["team:ai-workflow"];
    expect(settings.secretEnv).toEqual({ KEY: "hush" });
    expect(settings.slots.map((slot) => slot.port)).toEqual([project.firstPort + 1, project.firstPort + 2]);
    expect((await project.get("/api/ai/health")).status).toBe(404);
    await run("up expecting no changes", "dev");
  });

  test("a team without a release has two empty slots, in at most 15 registrations", async () => {
    const outputs = await run("up", "dev.ai-workflow", {});
    expect(outputs).toMatchObject({ live: null, epoch: 0, revision: 0, slots: { "slot-3": null, "slot-4": null } });
    const { deployment } = await run("export", "dev.ai-workflow");
    const registered = (deployment.resources as { urn: string }[]).map(({ urn }) => urn.split("::").slice(2).join(" "));
    console.info(`${registered.length} registrations:\n${registered.join("\n")}`);
    expect(registered.length).toBeLessThanOrEqual(15);
    const answer = await project.get("/api/ai/health");
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("ai-workflow");
  });

  test("config brings a version up without traffic, and then gives it the traffic", async () => {
    const slots = { "slot-3": project.version("a"), "slot-4": null };
    await run("up", "dev.ai-workflow", project.release({ slots }));
    expect((await project.get("/api/ai/health")).status).toBe(503);
    const otherLimit = project.environmentConfig({ loadBalancer: { port: project.port, requestTimeout: "9s" } });
    await expect(run("preview", "dev", otherLimit)).rejects.toThrow("release r1 has a candidate in slot-3");

    const live = { slots, live: "slot-3", revision: 2, weights: { "slot-3": 100, "slot-4": 0 } };
    const outputs = await run("up", "dev.ai-workflow", project.release(live));
    expect(outputs).toMatchObject({ live: "slot-3", weights: { "slot-3": 100, "slot-4": 0 }, slots });
    const answer = await until(
      () => project.get("/api/ai/health"),
      ({ status }) => status === 200,
    );
    expect([answer.slot, JSON.parse(answer.body)]).toEqual(["slot-3", { slot: "slot-3", secret: true }]);
  });

  test("an empty folder cannot undo a release: its config is behind the state", async () => {
    await expect(run("up", "dev.ai-workflow", {})).rejects.toThrow("pulumi config refresh -s dev.ai-workflow");
    expect((await project.get("/api/ai/health")).slot).toBe("slot-3");
  });

  test("a route that fails leaves outputs that tell the truth", async () => {
    const slots = { "slot-3": project.version("a"), "slot-4": null };
    const held = { live: "slot-3", weights: { "slot-3": 100, "slot-4": 0 } };
    await livePlatform(settings).setRoute({ ...held, release: "r2", epoch: 5, revision: 0 });
    const older = { slots, live: null, weights: { "slot-3": 0, "slot-4": 0 }, revision: 3 };
    await expect(run("up", "dev.ai-workflow", project.release(older))).rejects.toThrow("stale-epoch");
    expect(await run("outputs", "dev.ai-workflow")).toMatchObject({ ...held, epoch: 1, revision: 2 });
    expect((await project.get("/api/ai/health")).slot).toBe("slot-3");
  });

  test("a team in use cannot be removed; protected data is not deleted; all goes when it may", async () => {
    const search = { branchPrefix: "x", slots: ["a", "b"], paths: ["/x"], health: { endpoints: ["/x"] } };
    await expect(run("up", "dev", project.environmentConfig({ teams: { search }, secrets: {} }))).rejects.toThrow(
      "team ai-workflow cannot be removed: stack dev.ai-workflow still has resources",
    );
    await run("destroy", "dev.ai-workflow");
    await expect(run("destroy", "dev")).rejects.toThrow("because it is protected");
    await run("up", "dev", project.environmentConfig({ protect: false }));
    await run("destroy", "dev");
    expect((await run("export", "dev")).deployment.resources ?? []).toEqual([]);
  });
}
