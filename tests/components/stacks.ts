import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReleaseConfig, SlotVersion } from "../../config/settings";
import { LocalRuntime } from "../../local/client";
import { freePort, portStretch } from "../ports";

export type Engine = "cli" | "embedded";
export type Operation = "up" | "up expecting no changes" | "preview" | "destroy" | "outputs" | "export";

/**
 * A project of its own: state, folders and ports that nobody else has. Daemons and stack operations are the real ones, from
 * `dist`; the operations run in a process of their own, since a program that fails leaves rejections behind which Jest
 * would take for its own.
 */
export class TestProject {
  readonly folder = mkdtempSync(join(tmpdir(), "switchyard-stacks-"));
  readonly environment: Record<string, string>;
  port = 0;
  firstPort = 0;
  private driver: ChildProcess | undefined;

  constructor(private readonly engine: Engine) {
    mkdirSync(join(this.folder, "state"));
    mkdirSync(join(this.folder, "service"));
    writeFileSync(join(this.folder, "service", "server.js"), server);
    this.environment = {
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "correct horse",
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  async choosePorts(): Promise<void> {
    this.port = await freePort();
    this.firstPort = await portStretch();
  }

  /** Config is the whole namespace `switchyard` of the stack from then on; without it the stack's config stays. */
  // biome-ignore lint/suspicious/noExplicitAny: the operations' results are JSON of different shapes
  async run(operation: Operation, stackName: string, config?: Record<string, unknown>): Promise<any> {
    this.driver ??= fork(join(__dirname, "driver.js"), [this.engine, this.folder], { stdio: "inherit" });
    this.driver.send({ operation, stackName, config, environment: this.environment });
    const [answer] = await once(this.driver, "message");
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }

  environmentConfig(more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      loadBalancer: { port: this.port },
      firstPort: this.firstPort,
      secrets: { "ai-workflow": { KEY: "hush" } },
      ...more,
    };
  }

  version(letter: string): SlotVersion {
    return {
      version: letter.repeat(40),
      ref: `feature/${letter}`,
      artifact: join(this.folder, "service"),
      start: [process.execPath, "server.js"],
    };
  }

  release(change: Partial<ReleaseConfig>): { release: ReleaseConfig } {
    const nothing = { "slot-3": null, "slot-4": null };
    return {
      release: {
        id: "r1",
        epoch: 1,
        revision: 1,
        live: null,
        slots: nothing,
        weights: { "slot-3": 0, "slot-4": 0 },
        ...change,
      },
    };
  }

  async get(path: string): Promise<{ status: number; slot: string | null; body: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`);
    return { status: answer.status, slot: answer.headers.get("x-switchyard-slot"), body: await answer.text() };
  }

  get runtime(): LocalRuntime {
    return new LocalRuntime(join(this.folder, ".switchyard", "run", "dev"), { environment: "dev" });
  }

  async dispose(): Promise<void> {
    this.driver?.disconnect();
    await this.runtime.shutdown({ keepProcesses: false });
    rmSync(this.folder, { recursive: true });
  }
}

const server = `
require("node:http").createServer((request, response) => {
  response.end(JSON.stringify({ slot: process.env.SLOT, secret: process.env.KEY === "hush" }));
}).listen(process.env.PORT, process.env.HOST);
`;

/** Polls until `ask` gives what `good` accepts, and gives it back. */
export async function until<T>(ask: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after 10 s`);
    await new Promise((resume) => setTimeout(resume, 25));
  }
}
