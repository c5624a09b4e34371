import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { withoutDebugMessages } from "./debugMessages";

/** As the SDK: values can be large. */
const largestMessage = 400 * 1024 * 1024;

/** A gRPC method as a plain function; what it throws is the answer, too. */
export type Method<Request, Response> = (request: Request) => Promise<Response> | Response;

export function method<Request, Response>(answer: Method<Request, Response>): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    const respond = async (): Promise<Response> => answer(call.request);
    respond().then(
      (response) => callback(null, response),
      // Not UNAVAILABLE, at which the SDK stops without a word.
      (thrown: unknown) =>
        callback({ code: status.UNKNOWN, details: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  };
}

/** The address that a program talks to: the resource monitor and the engine's own service. */
export class MonitorServer {
  readonly address: string;
  readonly #server: Server;
  readonly #withDebugMessages: () => void;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.#withDebugMessages = withoutDebugMessages(this.address);
  }

  static async start(
    monitor: UntypedServiceImplementation,
    engine: UntypedServiceImplementation,
  ): Promise<MonitorServer> {
    const server = new Server({
      "grpc.max_receive_message_length": largestMessage,
      "grpc.max_send_message_length": largestMessage,
    });
    server.addService(ResourceMonitorService, monitor);
    server.addService(EngineService, engine);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return new MonitorServer(server, port);
  }

  stop(): void {
    this.#withDebugMessages();
    this.#server.forceShutdown();
  }
}
