import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { commandProbe } from "../../health/probes/command";
import { result } from "../../health/probes/results";
import { stepsProbe } from "../../health/probes/steps";
import { systemProbe } from "../../health/probes/system";
import { memoryShare, pressure, readSystem } from "../../health/probes/system/readings";
import { againstLimits } from "../../health/probes/system/system";
import { probed, until } from "./support";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "switchyard-health-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the machine", () => {
  test("is read as it is, and says what is nearly used up", async () => {
    const probe = systemProbe({ path: folder });
    let names: string[] = [];
    // the CPU's share is of the time between two probes
    await until(async () => {
      names = (await probed(probe)).measurements.map(({ name }) => name);
      return names.includes("cpu");
    });
    expect(names).toEqual(expect.arrayContaining(["memory", "disk"]));
    if (existsSync("/proc/pressure/memory")) expect(names).toContain("memoryPressure");
    const tight = systemProbe({ path: folder, limits: { memory: { warn: 0, fail: 0.000_001 } } });
    expect(await probed(tight)).toMatchObject({
      verdict: "fail",
      evidence: expect.stringMatching(/% of the memory is used/),
    });
  });

  test("a container's own limit counts before the machine's", () => {
    const group = join(folder, "sys/fs/cgroup");
    mkdirSync(group, { recursive: true });
    const set = (current: number, max: string) => {
      writeFileSync(join(group, "memory.current"), `${current}\n`);
      writeFileSync(join(group, "memory.max"), `${max}\n`);
    };
    mkdirSync(join(folder, "proc"));
    writeFileSync(join(folder, "proc/meminfo"), "MemAvailable: 1 kB\n");
    set(96 << 20, `${100 << 20}`);
    const used = memoryShare(folder);
    expect(used).toBeGreaterThan(0.95);
    set(96 << 20, "max");
    writeFileSync(join(folder, "proc/meminfo"), "MemAvailable: 99999999999999 kB\n");
    expect(memoryShare(folder)).toBe(0);
  });

  test("what the system does not tell is not measured, and is not nothing", () => {
    const readings = readSystem(folder, undefined, folder);
    expect(Object.keys(readings)).not.toEqual(expect.arrayContaining(["cpuPressure"]));
    expect(pressure("some avg10=12.50 avg60=1.00 avg300=0.10 total=1\nfull avg10=0.00")).toBe(0.125);
    expect(pressure("")).toBeUndefined();
  });

  test("no reading that is not a number is ever good", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const [found] = againstLimits({ disk: value }, {});
        if (Number.isNaN(value)) expect(found?.verdict).toBe("unknown");
        else expect(found?.verdict).toBe(value >= 0.95 ? "fail" : value >= 0.85 ? "warn" : "pass");
      }),
    );
  });
});

describe("a command", () => {
  const node = (script: string): [string, ...string[]] => [process.execPath, "-e", script];

  test.each([
    [0, "pass"],
    [1, "warn"],
    [2, "fail"],
    [3, "unknown"],
    [7, "fail"],
  ])("that ends with %d is a %s, with its first line", async (code, verdict) => {
    const probe = commandProbe({ command: node(`console.log("\\n12 jobs wait\\nmore"); process.exitCode = ${code}`) });
    expect(await probed(probe)).toMatchObject({ verdict, evidence: "12 jobs wait" });
  });

  test("that cannot be started fails, and says why", async () => {
    const found = await probed(commandProbe({ command: ["/nowhere/at/all"] }));
    expect(found).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("ENOENT") });
  });

  test("sees nothing of our environment but what it is given, and no shell looks at its arguments", async () => {
    process.env.SWITCHYARD_TEST_SECRET = "s3cret";
    try {
      const script = "console.log(Object.keys(process.env).sort().join(), process.argv[1])";
      const found = await probed(commandProbe({ command: [...node(script), "$HOME; ls"], env: { GIVEN: "1" } }));
      expect(found.evidence).toMatch(/GIVEN/);
      expect(found.evidence).not.toMatch(/SECRET/);
      expect(found.evidence).toContain("$HOME; ls");
    } finally {
      delete process.env.SWITCHYARD_TEST_SECRET;
    }
  });

  test("that hangs is ended at the deadline, with everything that it started", async () => {
    const file = join(folder, "pid");
    const child = `require("fs").writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`;
    const script = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}]); setInterval(() => {}, 1000)`;
    const found = await probed(commandProbe({ command: node(script) }), 2_000);
    expect(found).toMatchObject({ verdict: "fail", evidence: "no whole answer within 2000 ms" });
    const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
    if (pid !== undefined) await until(() => !isRunning(pid));
  });

  test("that writes for ever is read to a limit", async () => {
    const script = `const more = () => { while (process.stdout.write("x".repeat(65536))); process.stdout.once("drain", more); }; more()`;
    const found = await probed(commandProbe({ command: node(script) }), 1_000);
    expect(found.evidence.length).toBeLessThan(200);
  });
});

describe("a check of several steps", () => {
  const calls: string[] = [];
  beforeEach(() => calls.splice(0));
  const step = (name: string, verdict: "pass" | "fail" | "throws") => ({
    name,
    run: async () => {
      calls.push(name);
      if (verdict === "throws") throw new Error("refused");
      return result(verdict, verdict === "pass" ? "done" : "no");
    },
    cleanUp: async () => void calls.push(`undo ${name}`),
  });

  test("stops at the first that fails, names it, and cleans up what was begun, last first", async () => {
    const found = await probed(stepsProbe([step("sign in", "pass"), step("order", "throws"), step("pay", "pass")]));
    expect(found).toMatchObject({ verdict: "fail", evidence: "order: refused" });
    expect(calls).toEqual(["sign in", "order", "undo order", "undo sign in"]);
  });

  test("cleans up when the deadline has passed too, and a clean-up that fails is a warning", async () => {
    const hanging = {
      ...step("wait", "pass"),
      run: (signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
    };
    expect(await probed(stepsProbe([step("sign in", "pass"), hanging]), 200)).toMatchObject({ verdict: "fail" });
    await until(() => calls.includes("undo sign in"));
    const dirty = { ...step("order", "pass"), cleanUp: () => Promise.reject(new Error("gone")) };
    expect(await probed(stepsProbe([dirty]))).toMatchObject({
      verdict: "warn",
      evidence: "order was not cleaned up: gone",
    });
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // a zombie that nobody has waited for yet has ended
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
