/** A state folder that is gone must not take what serves users with it. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { ask, makeSite, type Site } from "./support";

describe("with the state folder gone", () => {
  let site: Site;
  const alpha = { environment: "dev", team: "alpha" };
  const serves = async () => (await ask(`${site.url}/alpha/work`)).slot;

  beforeAll(async () => {
    site = await makeSite({ alpha: {} });
    renameSync(join(site.dir, ".switchyard/state"), join(site.dir, "state-elsewhere"));
  });
  afterAll(() => site?.close());

  test("up and resume change nothing and say what is lost", async () => {
    const live = await serves();
    expect(live).not.toBeNull();
    for (const [call, args] of [
      ["up", ["dev"]],
      ["resume", [alpha]],
    ] as const) {
      const { error } = await site.desk.call(call, [...args]);
      expect(error).toMatchObject({ code: "state-damaged", message: expect.stringContaining("state is lost") });
      expect(await serves()).toBe(live);
    }
  });

  test("down still ends everything", async () => {
    const { error } = await site.desk.call("down", ["dev"]);
    expect(error).toBeUndefined();
    expect((await ask(`${site.url}/alpha/work`)).status).toBe(0);
  });
});
