import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../../engine";
import { openBackend, removeLeftovers, writeCheckpointText } from "../../engine/backend";
import { Cloud, Thing } from "./cloud";
import { Sandbox } from "./support";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.remove());

const id = { project: "proj", stack: "dev" };
const checkpoint = (): string => sandbox.path("stacks", "proj", "dev.json");

/** A process that writes checkpoints as the engine does; `body` is told of `write(text, beforeRename)`. */
const writer = (body: string): string[] => [
  "-e",
  `const { openBackend, writeCheckpointText } = require(${JSON.stringify(join(process.cwd(), "dist/engine/backend"))});
   const backend = openBackend(${JSON.stringify(sandbox.url)}, "/");
   const write = (text, beforeRename) => writeCheckpointText(backend, ${JSON.stringify(id)}, text, beforeRename);
   ${body}`,
];

/** The numbers in a checkpoint of `numbered`: one, where it is whole. */
const wholeNumber = (file: string): number => {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  expect([lines.length, new Set(lines).size]).toEqual([20_000, 1]);
  return Number(lines[0]);
};

test("a process killed at any moment while it writes leaves the old checkpoint or the new one, whole, and the one before it", async () => {
  for (let round = 0; round < 15; round++) {
    const child = spawn(
      process.execPath,
      writer('for (let n = 1; ; n++) { write((n + "\\n").repeat(20_000)); if (n === 2) process.stdout.write("x"); }'),
    );
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    const newest = wholeNumber(checkpoint());
    const previous = wholeNumber(`${checkpoint()}.bak`);
    // Killed between the two renames, both names are of the same version.
    expect([newest, newest - 1]).toContain(previous);
    removeLeftovers(openBackend(sandbox.url, "/"), id);
    expect(readdirSync(sandbox.path("stacks", "proj"))).toEqual(["dev.json", "dev.json.bak"]);
  }
});

test("a process killed when all but the last step of a write is done has changed nothing", () => {
  writeCheckpointText(openBackend(sandbox.url, "/"), id, "old");
  const child = spawnSync(process.execPath, writer('write("new", () => process.kill(process.pid, "SIGKILL"))'));
  expect(child.signal).toBe("SIGKILL");
  expect(readFileSync(checkpoint(), "utf8")).toBe("old");
  expect(readdirSync(sandbox.path("stacks", "proj"))).toHaveLength(2);
  removeLeftovers(openBackend(sandbox.url, "/"), id);
  expect(readdirSync(sandbox.path("stacks", "proj"))).toEqual(["dev.json"]);
});

test("a write that ends in the middle is told, and the previous checkpoint stays", () => {
  writeCheckpointText(openBackend(sandbox.url, "/"), id, "old");
  // Of a file larger than 8 KiB the first 8 are written, and the rest is refused.
  const body = 'try { write("n".repeat(100_000)); } catch (error) { process.stdout.write(error.message); }';
  const limited = spawnSync("bash", ["-c", 'ulimit -f 8; exec "$@"', "bash", process.execPath, ...writer(body)], {
    encoding: "utf8",
  });
  expect(limited.stdout).toBe(
    `could not write ${checkpoint()}: a file may not be that large here; the last good state was kept`,
  );
  expect(readFileSync(checkpoint(), "utf8")).toBe("old");
  expect(readdirSync(sandbox.path("stacks", "proj"))).toEqual(["dev.json"]);
});

describe("a stack", () => {
  let cloud: Cloud;
  let things: string[];
  beforeEach(() => {
    cloud = new Cloud();
    things = ["a"];
  });
  const open = (): Promise<Stack> =>
    LocalWorkspace.createOrSelectStack(
      {
        projectName: "proj",
        stackName: "dev",
        program: async () => {
          // Larger than what the file system may free behind one's back.
          for (const name of things) new Thing(name, { text: "x".repeat(200_000) });
        },
      },
      sandbox.options(embeddedEngine({ providers: { probe: cloud } })),
    );
  const failure = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => Promise.reject(new Error("it should have failed")),
      (thrown: Error) => thrown.message,
    );

  test.each([
    ["half of it", (text: string) => text.slice(0, text.length / 2)],
    ["nothing of it", () => ""],
    ["zeros in its place", (text: string) => "\0".repeat(text.length)],
  ])(
    "of whose checkpoint a power cut left %s is refused, and goes on from the backup that the error names",
    async (_, torn) => {
      const stack = await open();
      await stack.up();
      await stack.up();
      const before = readFileSync(checkpoint(), "utf8");
      const damaged = torn(before);
      writeFileSync(checkpoint(), damaged);
      for (const operation of [stack.up(), stack.refresh(), stack.destroy(), stack.exportStack()]) {
        expect(await failure(operation)).toContain(
          `its previous version is ${checkpoint()}.bak. Nothing was overwritten`,
        );
      }
      expect(readFileSync(checkpoint(), "utf8")).toBe(damaged);
      writeFileSync(checkpoint(), readFileSync(`${checkpoint()}.bak`));
      expect((await stack.up({ expectNoChanges: true })).summary.resourceChanges).toEqual({ same: 2 });
      expect([...cloud.things.keys()]).toEqual(["a-1"]);
    },
  );

  const mayMount = tryMount(mkdtempSync(join(tmpdir(), "switchyard-mount-")));
  if (!mayMount) {
    process.stderr.write("LEFT OUT: the engine on a full disk, since this user may not mount a file system\n");
  }
  (mayMount ? test : test.skip)(
    "on a disk that gets full keeps its state, calls no provider that it could not write down, and goes on later",
    async () => {
      mkdirSync(sandbox.state, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", sandbox.state]);
      const filler = join(sandbox.state, "filler");
      const fill = (): void => expect(() => writeFileSync(filler, Buffer.alloc(16 << 20))).toThrow("ENOSPC");
      try {
        const stack = await open();
        await stack.up();
        const before = readFileSync(checkpoint(), "utf8");
        things = ["a", "b"];
        fill();
        expect(await failure(stack.up())).toContain("the disk is full; the last good state was kept");
        expect(readFileSync(checkpoint(), "utf8")).toBe(before);
        expect([...cloud.things.keys()]).toEqual(["a-1"]);

        // Full just when something was made: what could be written before tells that it may be there.
        rmSync(filler);
        cloud.before = () => fill();
        expect(await failure(stack.up())).toContain("the disk is full");
        const { resources, pending_operations: pending } = JSON.parse(readFileSync(checkpoint(), "utf8")).checkpoint
          .latest;
        expect(resources).toEqual(JSON.parse(before).checkpoint.latest.resources);
        expect(pending).toMatchObject([{ type: "creating", resource: { urn: expect.stringMatching(/::b$/) } }]);

        rmSync(filler);
        cloud.before = () => undefined;
        expect((await stack.up()).summary.resourceChanges).toEqual({ same: 2, create: 1 });
      } finally {
        execFileSync("umount", [sandbox.state]);
      }
    },
  );
});

/** Whether this user may mount: known before the tests are named, so that one that is left out counts as skipped. */
function tryMount(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
