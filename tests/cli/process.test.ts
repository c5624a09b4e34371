import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes } from "../../config/errors";
import { bin, root, switchyard } from "./support";

const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find(
  (file) => existsSync(file) && Number(execFileSync(file, ["-p", "parseInt(process.versions.node)"])) < 22,
);
if (oldNode === undefined) console.warn("LEFT OUT: no Node older than 22 on this machine to hand over from");

(oldNode === undefined ? describe.skip : describe)("started on a Node that is too old", () => {
  test("it goes on with the one that the project brings, exit code and all", async () => {
    const { code, stdout } = await switchyard(["--version"], { ...(oldNode && { node: oldNode }) });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "0.1.0\n" });
    const wrong = await switchyard(["status", "nowhere"], { ...(oldNode && { node: oldNode }) });
    expect(wrong.code).toBe(exitCodes.usage);
  });

  test("it says so in one sentence where the project brings none", () => {
    const folder = mkdtempSync(join(tmpdir(), "switchyard-cli-old-"));
    try {
      mkdirSync(join(folder, "bin"));
      copyFileSync(bin, join(folder, "bin", "switchyard.js"));
      expect(() => execFileSync(oldNode ?? "", [join(folder, "bin", "switchyard.js")], { stdio: "pipe" })).toThrow(
        /Node [\d.]+ is too old: it needs Node 22\.\d+ or newer/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("Ctrl-C", () => {
  /** A command that cleans up for as long as it likes; prints what is said to the person, and whether it was aborted. */
  const script = `
    const { watchInterrupts } = require(${JSON.stringify(join(root, "dist", "cli", "interrupts.js"))});
    const interrupts = watchInterrupts((code) => process.exit(code));
    if (process.argv[1] === "careful")
      interrupts.cleanUp({ first: "cleaning up", second: "resume finishes" }, (sentence) => console.log(sentence));
    interrupts.signal.addEventListener("abort", () => console.log("aborted"));
    setInterval(() => undefined, 1000);
    console.log("ready");
  `;

  /** Sends the signals one after the other, each when the words before it were seen. */
  function interrupted(kind: string, steps: { after: string; send: NodeJS.Signals[]; waitMs?: number }[]) {
    const child = spawn(process.execPath, ["-e", script, kind], { stdio: ["ignore", "pipe", "inherit"] });
    return new Promise<{ code: number | null; said: string }>((ended) => {
      let said = "";
      let step = 0;
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const now = steps[step];
        if (now === undefined || !said.includes(now.after)) return;
        step += 1;
        setTimeout(() => {
          for (const signal of now.send) child.kill(signal);
        }, now.waitMs ?? 0);
      });
      child.on("close", (code) => ended({ code, said }));
    });
  }

  test("the first one lets the command clean up, the second leaves at once and says what finishes", async () => {
    const steps = [
      { after: "ready", send: ["SIGINT" as const] },
      { after: "aborted", send: ["SIGINT" as const], waitMs: 400 },
    ];
    expect(await interrupted("careful", steps)).toEqual({
      code: exitCodes.interrupted,
      said: "ready\ncleaning up\naborted\nresume finishes\n",
    });
  });

  test("one keystroke that arrives twice is one: a parent passes on what the terminal sent already", async () => {
    const steps = [
      { after: "ready", send: ["SIGINT" as const, "SIGTERM" as const] },
      { after: "aborted", send: ["SIGINT" as const], waitMs: 400 },
    ];
    const { said } = await interrupted("careful", steps);
    expect(said).toBe("ready\ncleaning up\naborted\nresume finishes\n");
  });

  test("a command that has nothing to clean up leaves with the first", async () => {
    const ended = await interrupted("careless", [{ after: "ready", send: ["SIGTERM"] }]);
    expect(ended).toEqual({ code: exitCodes.interrupted, said: "ready\n" });
  });
});
