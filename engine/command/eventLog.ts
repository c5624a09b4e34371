import { credentials } from "@grpc/grpc-js";
import { EventsClient } from "@pulumi/pulumi/proto/events_grpc_pb";
import { EventRequest } from "@pulumi/pulumi/proto/events_pb";
import { EngineFailure, notSupported } from "../failure";

/** The Automation API's event log: a gRPC stream of JSON events. */
export class EventLog {
  readonly #client: EventsClient;
  readonly #stream: ReturnType<EventsClient["streamEvents"]>;
  readonly #received: Promise<void>;

  private constructor(address: string) {
    this.#client = new EventsClient(address, credentials.createInsecure());
    let answer: (error: Error | null) => void = () => undefined;
    this.#received = new Promise((resolve, reject) => {
      answer = (error) => (error === null ? resolve() : reject(error));
    });
    // Whoever closes the log sees the error; until then it is nobody's unhandled rejection.
    this.#received.catch(() => undefined);
    this.#stream = this.#client.streamEvents((error) => answer(error));
    this.#stream.on("error", (error: Error) => answer(error));
  }

  /** @throws EngineFailure for a log that is not a gRPC server on this machine. */
  static open(url: string): EventLog {
    const match = /^tcp:\/\/(.+)$/.exec(url);
    if (match?.[1] === undefined) throw notSupported(`an event log in a file ('${url}')`);
    return new EventLog(match[1]);
  }

  send(event: unknown): void {
    const request = new EventRequest();
    request.setEvent(JSON.stringify(event));
    this.#stream.write(request);
  }

  /** Resolves when the receiver has taken every event: it stops listening as soon as the command ends. */
  async close(): Promise<void> {
    this.#stream.end();
    try {
      await this.#received;
    } catch (thrown) {
      throw new EngineFailure("the event log could not be delivered: its receiver is gone", 1, thrown);
    } finally {
      this.#client.close();
    }
  }
}
