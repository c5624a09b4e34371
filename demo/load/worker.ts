/** The load generator's process: apart from everything else, so that it measures the others and not itself. */
import { seededRandom } from "../random";
import { requestMix } from "./mix";
import { OpenLoop } from "./requests";
import { Sockets } from "./sockets";
import {
  type Answer,
  type FromWorker,
  type LoadOptions,
  now,
  type Recording,
  type SocketEvent,
  type ToWorker,
} from "./types";

const answers: Answer[] = [];
const socketEvents: SocketEvent[] = [];
const startedAt = now();
let loop: OpenLoop | undefined;
let sockets: Sockets | undefined;

function tell(message: FromWorker): void {
  process.send?.(message);
}

function recordingSince(at: number): Recording {
  // Answers are kept in the order they ended, so the wanted ones are at the end.
  let first = answers.length;
  while (first > 0 && (answers[first - 1]?.endedAt ?? 0) >= at) first -= 1;
  return {
    startedAt,
    endedAt: now(),
    answers: answers.slice(first),
    sockets: socketEvents.filter((event) => event.at >= at),
  };
}

async function start(options: LoadOptions): Promise<void> {
  const random = seededRandom(options.seed);
  loop = new OpenLoop(options, requestMix(random), (answer) => answers.push(answer));
  sockets = new Sockets(options.entryUrl, options.webSockets, random, (event) => socketEvents.push(event));
  await sockets.ready;
  tell({ type: "ready" });
}

async function stop(): Promise<void> {
  await Promise.all([loop?.stop(), sockets?.stop()]);
  const last: FromWorker = { type: "stopped", recording: recordingSince(0) };
  process.send?.(last, () => process.disconnect());
}

process.on("message", (message: ToWorker) => {
  switch (message.type) {
    case "start":
      return void start(message.options);
    case "since":
      return tell({ type: "since", id: message.id, recording: recordingSince(message.at) });
    case "stop":
      return void stop();
    default:
      return message satisfies never;
  }
});
// Nobody is left to measure for.
process.on("disconnect", () => process.exit());
// A terminal's Ctrl-C reaches the whole group; the demo itself says when the load ends.
process.on("SIGINT", () => undefined);
