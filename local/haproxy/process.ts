/** HAProxy as a child process: started, told to reload, started again when it ends, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import type { Readable } from "node:stream";
import { messageOf, SwitchyardError } from "../../config/errors";
import { command } from "./runtime";

const startWithinMs = 10_000;
const restartAfterMs = 200;
/** A reload takes some 50 ms. HAProxy's master forgets one that it is told of while it finishes the one before. */
const remindAfterMs = 300;
const pause = (ms: number) => new Promise<void>((next) => setTimeout(next, ms));

export interface HaproxyFiles {
  program: string;
  config: string;
  pid: string;
  /** Of the runtime API. */
  socket: string;
}

export class HaproxyProcess {
  private child: ChildProcess | null = null;
  private closing = false;

  constructor(
    private readonly files: HaproxyFiles,
    private readonly onLog: (stream: Readable) => void,
  ) {}

  get running(): boolean {
    return this.child !== null;
  }

  /** Resolves when it answers on its socket. */
  async start(): Promise<void> {
    const child = spawn(this.files.program, ["-W", "-db", "-f", this.files.config], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child = child;
    await new Promise<void>((done, fail) => child.once("spawn", done).once("error", fail));
    writeFileSync(this.files.pid, `${child.pid}\n`);
    if (child.stdout !== null) this.onLog(child.stdout);
    child.on("exit", (code, signal) => {
      if (this.closing || this.child !== child) return;
      complain(new Error(`HAProxy ended with ${signal ?? code}; starting it again`));
      setTimeout(() => void this.start().catch(complain), restartAfterMs);
    });
    await this.answering(null);
  }

  /** Resolves when a worker with the new config answers; connections of the old one end by themselves. */
  async reload(): Promise<void> {
    const worker = await this.workerPid();
    const tell = () => void this.child?.kill("SIGUSR2");
    tell();
    const reminding = setInterval(tell, remindAfterMs);
    try {
      await this.answering(worker);
    } finally {
      clearInterval(reminding);
    }
  }

  async stop(withinMs: number): Promise<void> {
    this.closing = true;
    const { child } = this;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise<void>((done) => child.once("exit", () => done()));
    // SIGUSR1: stop accepting, finish what runs.
    child.kill("SIGUSR1");
    const bound = setTimeout(() => child.kill("SIGTERM"), withinMs);
    await gone;
    clearTimeout(bound);
    rmSync(this.files.pid, { force: true });
  }

  /** This process' predecessor was killed and its HAProxy still holds the port. */
  async endLeftover(): Promise<void> {
    if (!existsSync(this.files.pid)) return;
    const pid = Number(readFileSync(this.files.pid, "utf8"));
    const isOurs = () =>
      existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.files.config);
    if (!Number.isInteger(pid) || !isOurs()) return;
    process.kill(pid, "SIGTERM");
    const deadline = Date.now() + startWithinMs;
    while (isOurs() && Date.now() < deadline) await pause(20);
  }

  /** Resolves when a worker other than `old` answers on the socket. */
  private async answering(old: number | null): Promise<void> {
    const deadline = Date.now() + startWithinMs;
    for (;;) {
      const pid = await this.workerPid();
      if (pid !== null && pid !== old) return;
      if (this.child?.exitCode !== null)
        throw new SwitchyardError(
          "environment-down",
          `HAProxy ended at once; \`${this.files.program} -c -f ${this.files.config}\` says why`,
        );
      if (Date.now() > deadline)
        throw new SwitchyardError(
          "environment-down",
          `HAProxy did not take ${this.files.config} within ${startWithinMs} ms`,
        );
      await pause(10);
    }
  }

  /** null: nobody answers yet. */
  private async workerPid(): Promise<number | null> {
    try {
      return Number(/^Pid: (\d+)$/m.exec(await command(this.files.socket, "show info"))?.[1] ?? Number.NaN);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") return null;
      throw error;
    }
  }
}

export function complain(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`);
}

/** The port, or any free one for 0; rejects with Node's own error when it is taken. */
export async function claimPort(host: string, port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once("error", fail).listen({ host, port }, done));
  const claimed = (server.address() as AddressInfo).port;
  await new Promise((done) => server.close(done));
  return claimed;
}
