/** The standard `grpc.health.v1.Health/Check`. */
import { performance } from "node:perf_hooks";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import type { Probe, Result } from "../check";
import { decodeStatus, encodeRequest, healthPath } from "../grpc";
import { result, timed } from "./results";

export interface GrpcSpec {
  /** `127.0.0.1:50051` */
  address: string;
  /** The name of the service; empty: the whole server. */
  service?: string;
  tls?: boolean;
  slowAfterMs?: number;
}

export const grpcProbe =
  ({ address, service = "", tls = false, slowAfterMs }: GrpcSpec): Probe =>
  (signal) =>
    new Promise<Result>((resolve) => {
      const began = performance.now();
      const client = new Client(address, tls ? credentials.createSsl() : credentials.createInsecure(), {
        "grpc.max_receive_message_length": 4096,
        // each probe has a connection of its own
        "grpc.use_local_subchannel_pool": 1,
      });
      const stop = () => call.cancel();
      const end = (found: Result) => {
        signal.removeEventListener("abort", stop);
        resolve(found);
        client.close();
      };
      const what = service === "" ? address : `${service} on ${address}`;
      const answered = (error: ServiceError | null, found?: string) => {
        if (error?.code === status.NOT_FOUND) return end(result("fail", `${address} knows no service ${service}`));
        if (error) return end(result("fail", `${address}: ${error.details || error.message}`));
        if (found !== "SERVING") return end(result("fail", `${what} says ${found ?? "nothing"}`));
        return end(timed(performance.now() - began, slowAfterMs, `${what} says SERVING`));
      };
      const call = client.makeUnaryRequest(healthPath.check, encodeRequest, decodeStatus, { service }, answered);
      signal.addEventListener("abort", stop, { once: true });
    });
