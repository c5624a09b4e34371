/** The supervisor's process: `node dist/local/supervisor/main.js --runtime-dir DIR`. Ends by itself when another one already serves DIR. */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { messageOf } from "../../config/errors";
import { callJson, serveJson } from "../http-json";
import { supervisorSocket } from "../paths";
import { type Lock, takeLock } from "./lock";
import { handler } from "./server";
import { Supervisor } from "./supervisor";

const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);

/** One that is just ending may still hold the lock for a moment. */
const lockWithinMs = 5000;

/** Undefined: another supervisor answers. */
async function lock(runtimeDir: string): Promise<Lock | undefined> {
  const deadline = Date.now() + lockWithinMs;
  for (;;) {
    const taken = await takeLock(runtimeDir);
    if (taken) return taken;
    const answers = await callJson(supervisorSocket(runtimeDir), "GET", "/").then(
      () => true,
      () => false,
    );
    if (answers) return undefined;
    if (Date.now() > deadline) throw new Error(`another supervisor holds ${runtimeDir} and does not answer`);
    await delay(50);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { "runtime-dir": { type: "string" } } });
  if (values["runtime-dir"] === undefined) throw new Error("expected --runtime-dir DIR");
  const runtimeDir = resolve(values["runtime-dir"]);
  const held = await lock(runtimeDir);
  if (!held) return;
  const supervisor = new Supervisor({ runtimeDir, log, holds: held.holds });
  await supervisor.start();
  const exit = () => {
    if (held.holds()) rmSync(supervisorSocket(runtimeDir), { force: true });
    // The answer to the call that ended us has to leave first.
    setTimeout(() => process.exit(0), 20);
  };
  await serveJson(supervisorSocket(runtimeDir), handler(supervisor, exit));
  const watch = setInterval(() => {
    if (held.holds()) return;
    clearInterval(watch);
    log("the runtime directory was removed: ending what nobody could reach any more");
    supervisor.stop(false).then(exit, (error) => log(messageOf(error)));
  }, 1000);
  log(`supervisor ${process.pid} serves ${runtimeDir}`);
  // Whoever ends the supervisor alone does not mean the slots: they go on, and the next one adopts them.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => {
      supervisor.stop(true).then(exit, (error) => log(messageOf(error)));
    });
}

main().catch((error: unknown) => {
  log(messageOf(error));
  process.exit(1);
});
