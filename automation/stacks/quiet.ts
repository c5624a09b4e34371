import { runtime } from "@pulumi/pulumi";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

/**
 * Runs a program without the SDK's debug messages. It sends some fifty in each `up`, one after another, and waits for the
 * last: milliseconds of a traffic switch for text that engines show with `--debug`, which the driver never asks for. Only
 * this run's own connection is changed.
 */
export function withoutDebugMessages<T>(program: () => Promise<T>): Promise<T> {
  const engine = runtime.getEngine();
  if (engine) {
    engine.log = new Proxy(engine.log, {
      apply(log, client, call: unknown[]) {
        const [request] = call;
        const answered = call.at(-1);
        const isDebug = request instanceof LogRequest && request.getSeverity() === LogSeverity.DEBUG;
        if (!isDebug || typeof answered !== "function") return Reflect.apply(log, client, call);
        return answered(null, new Empty());
      },
    });
  }
  return program();
}

/** Enough to see where an error comes from. */
const shortTrace = 3;
let running = 0;
let usual = 0;

/**
 * Runs an operation with short stack traces. The SDK takes one for each of the hundreds of promises it makes, in case one
 * leaks: a tenth of a traffic switch.
 */
export async function withShortTraces<T>(operation: () => Promise<T>): Promise<T> {
  if (running++ === 0) {
    usual = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.min(usual, shortTrace);
  }
  try {
    return await operation();
  } finally {
    if (--running === 0) Error.stackTraceLimit = usual;
  }
}
