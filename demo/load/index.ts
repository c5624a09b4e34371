/** Users, as the demo has them: requests at a fixed rate and WebSockets, from a process of their own. */
import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { projectRoot } from "../project";
import type { FromWorker, LoadOptions, Recording, ToWorker } from "./types";

export type { Answer, LoadOptions, Recording, SocketEvent } from "./types";
export { now } from "./types";

export interface Load {
  pid: number;
  /** Everything that ended at or after this time. */
  since(at: number): Promise<Recording>;
  /** Ends the load and gives the whole recording. */
  stop(): Promise<Recording>;
}

const readyWithinMs = 20_000;

/** Resolves when requests flow and every WebSocket is open. Rejects when that does not come about. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const worker = fork(path.join(projectRoot(), "dist", "demo", "load", "worker.js"), { serialization: "advanced" });
  const waiting = new Map<number, (recording: Recording) => void>();
  let ids = 0;
  const died = new Promise<never>((_, reject) => {
    worker.once("error", reject);
    worker.once("exit", (code, signal) => reject(new Error(`the load generator ended early (${signal ?? code})`)));
  });
  died.catch(() => undefined); // told to whoever waits for something at that time
  const tell = (message: ToWorker) => worker.send(message);
  worker.on("message", (message: FromWorker) => {
    if (message.type === "since") waiting.get(message.id)?.(message.recording);
  });

  tell({ type: "start", options });
  try {
    await Promise.race([next(worker, "ready"), died, tooLate()]);
  } catch (thrown) {
    worker.kill("SIGKILL");
    throw thrown;
  }
  return {
    pid: worker.pid ?? 0,
    since(at) {
      const id = ++ids;
      const answer = new Promise<Recording>((resolve) => waiting.set(id, resolve)).finally(() => waiting.delete(id));
      tell({ type: "since", id, at });
      return Promise.race([answer, died]);
    },
    async stop() {
      const stopped = next(worker, "stopped");
      tell({ type: "stop" });
      return (await Promise.race([stopped, died])).recording;
    },
  };
}

type MessageOf<T extends FromWorker["type"]> = Extract<FromWorker, { type: T }>;

function next<T extends FromWorker["type"]>(worker: ChildProcess, type: T): Promise<MessageOf<T>> {
  return new Promise((resolve) => {
    const listen = (message: FromWorker) => {
      if (message.type !== type) return;
      worker.off("message", listen);
      resolve(message as MessageOf<T>);
    };
    worker.on("message", listen);
  });
}

function tooLate(): Promise<never> {
  return new Promise((_, reject) => {
    const text = `not every WebSocket was open ${readyWithinMs / 1_000} seconds after the load began`;
    setTimeout(() => reject(new Error(text)), readyWithinMs).unref();
  });
}
