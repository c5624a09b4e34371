/** Ten switches under load, with WebSockets open. */
import { WebSocket } from "ws";
import type { Generator } from "./load";
import type { Running } from "./peers";
import { pause } from "./processes";

const flips = 10;
const flipEveryMs = 300;
const webSockets = 20;

export interface FlipResult {
  errors: number;
  p99Ms: number;
  webSocketsCut: number;
}

export async function measureFlips(running: Running, generate: Generator): Promise<FlipResult> {
  const sockets = await Promise.all(Array.from({ length: webSockets }, () => open(running.port)));
  let cut = 0;
  for (const socket of sockets) socket.on("close", () => (cut += 1));
  const load = generate(`http://127.0.0.1:${running.port}/api/x`, Math.ceil(((flips + 2) * flipEveryMs) / 1000));
  for (let i = 0; i < flips; i++) {
    await pause(flipEveryMs);
    await running.flip(i % 2 === 0 ? 1 : 0);
  }
  const { errors, p99Ms } = await load;
  // An open socket that answers no more is as good as cut.
  const answers = await Promise.all(sockets.map(echoes));
  const silent = sockets.filter((socket, i) => socket.readyState === WebSocket.OPEN && answers[i] === false).length;
  const webSocketsCut = cut + silent;
  for (const socket of sockets) socket.terminate();
  return { errors, p99Ms, webSocketsCut };
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`);
  await new Promise((done, fail) => {
    socket.once("open", done);
    socket.once("error", fail);
  });
  return socket;
}

function echoes(socket: WebSocket): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), 1000);
    socket.once("message", () => {
      clearTimeout(timer);
      done(true);
    });
    if (socket.readyState === WebSocket.OPEN) socket.send("still there?");
  });
}
