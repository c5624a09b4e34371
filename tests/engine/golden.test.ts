import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const golden = join(process.cwd(), "tests", "engine", "golden");
const folder = mkdtempSync(join(tmpdir(), "golden-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("random programs do to state, cloud and events exactly what they do on the real CLI", async () => {
  const recording = join(folder, "random.json");
  const script = (name: string, ...args: string[]) => run(process.execPath, [join(golden, name), ...args]);
  await script("record.cjs", join(golden, "engine.cjs"), "100", "8", recording);
  const compared = await script("compare.cjs", join(golden, "random.json"), recording, "--events");
  expect(compared.stdout).toBe("{ equal: 56 }\n");
}, 240_000);
