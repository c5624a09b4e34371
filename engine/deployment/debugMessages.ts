import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

/*
 * A program of this process sends four debug messages for each resource, one after another, and waits for the last: half
 * the time of an update with nothing to do, for text that is thrown away here, since it holds secrets in plain text. The
 * SDK has no switch for it. So its own client answers these itself, and only where it is connected to this engine.
 */
const ours = new Set<string>();

EngineClient.prototype.log = new Proxy(EngineClient.prototype.log, {
  apply(log, client: EngineClient, call: unknown[]) {
    const [request] = call;
    const answered = call.at(-1);
    const isDebug = request instanceof LogRequest && request.getSeverity() === LogSeverity.DEBUG;
    if (!isDebug || typeof answered !== "function" || !ours.has(client.getChannel().getTarget())) {
      return Reflect.apply(log, client, call);
    }
    return answered(null, new Empty());
  },
});

/** Debug messages to this address, `host:port`, are not sent any more. @returns a function that ends it. */
export function withoutDebugMessages(address: string): () => void {
  const target = `dns:${address}`;
  ours.add(target);
  return () => ours.delete(target);
}
