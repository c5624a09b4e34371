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
