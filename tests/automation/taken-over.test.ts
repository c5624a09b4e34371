/** A driver that was stopped, lost its team and comes back changes nothing: not the traffic, not the state, not the records. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openRecords } from "../../store";
import { until } from "../until";
import { type At, makeSite, type Site } from "./support";

/** After plan, admit, stage and verify; then come the shift's intent and its write. */
const writeOfStage = 6;
const writeOfShift = 12;

describe("a driver that comes back after another one took over", () => {
  let site: Site;
  beforeAll(async () => {
    site = await makeSite({ alpha: {}, beta: {}, gamma: {} });
  });
  afterAll(() => site?.close());

  const withRecords = <T>(ask: (records: ReturnType<typeof openRecords>) => T): T => {
    const records = openRecords(join(site.dir, ".switchyard", "records.db"));
    try {
      return ask(records);
    } finally {
      records.close();
    }
  };
  const everything = async (team: string) => ({
    checkpoint: readFileSync(join(site.dir, ".switchyard/state/.pulumi/stacks/switchyard", `dev.${team}.json`), "utf8"),
    route: (await site.status(team)).liveRoute,
    records: withRecords((records) => [
      records.all("SELECT * FROM release WHERE stack = ? ORDER BY id", `dev.${team}`),
      records.all(
        "SELECT * FROM journal WHERE release IN (SELECT id FROM release WHERE stack = ?) ORDER BY release, seq",
        `dev.${team}`,
      ),
      records.all("SELECT stack, owner, epoch FROM lease WHERE stack = ?", `dev.${team}`),
    ]),
  });

  async function stopAndTakeOver(
    team: string,
    at: At | undefined,
    stop: (pid: number) => Promise<void>,
  ): Promise<void> {
    const driver = site.driver();
    const pid = driver.child.pid ?? 0;
    const ending = driver.call("release", [{ environment: "dev", team, ref: "v2" }], at);
    await stop(pid);
    await until(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") T "));
    // its lease runs out, as it would ten seconds later
    withRecords((records) => records.run("UPDATE lease SET heartbeat_ms = 0 WHERE stack = ?", `dev.${team}`));

    const { result, error } = await site.desk.call("resume", [{ environment: "dev", team }]);
    expect({ error, outcome: result?.outcome }).toEqual({ error: undefined, outcome: "resumed" });
    const before = await everything(team);

    process.kill(pid, "SIGCONT");
    const late = await ending;
    expect(late.error).toMatchObject({ code: "lease-lost" });
    driver.child.disconnect();
    expect(await driver.exited).toBe(0);
    const after = await everything(team);
    expect(after.checkpoint === before.checkpoint).toBe(true);
    expect(after).toEqual(before);
    const { slots } = await site.expectWhole(team);
    expect(slots.find(({ live }) => live)?.ref).toBe("v2");
  }

  test(
    "stopped right before it starts the candidate",
    () => stopAndTakeOver("alpha", { do: "stop", seq: writeOfStage }, async () => undefined),
    90_000,
  );

  test(
    "stopped right before it moves the traffic",
    () => stopAndTakeOver("beta", { do: "stop", seq: writeOfShift }, async () => undefined),
    90_000,
  );

  test("stopped inside the stack operation that moves the traffic", async () => {
    const driving = () =>
      stopAndTakeOver("gamma", undefined, async (pid) => {
        await until(
          () =>
            withRecords((records) =>
              records.all(
                "SELECT seq FROM journal WHERE seq = ? AND release IN (SELECT id FROM release WHERE stack = 'dev.gamma' AND outcome IS NULL)",
                writeOfShift,
              ),
            ).length > 0,
        );
        process.kill(pid, "SIGSTOP");
      });
    await driving();
  });
});
