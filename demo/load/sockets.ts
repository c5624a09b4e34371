import { WebSocket } from "ws";
import { now, type SocketEvent } from "./types";

const openOverMs = 1_000;
const echoEveryMs = 5_000;
const echoWithinMs = 4_000;
const reconnectWithinMs = 250;

interface FromService {
  type: "welcome" | "echo" | "presence";
  slot?: string | null;
  version?: string | null;
  text?: string;
}

/**
 * Keeps a number of WebSockets open. Each says something now and then and expects its own words back. One that the
 * server ends is opened again, as a browser's page would.
 */
export class Sockets {
  private readonly open = new Map<number, WebSocket>();
  private stopping = false;
  private readonly timers = new Set<NodeJS.Timeout>();
  private greeted = 0;
  /** Resolves when all of them have been greeted by a version once. */
  readonly ready: Promise<void>;

  constructor(
    entryUrl: string,
    count: number,
    private readonly random: () => number,
    private readonly onEvent: (event: SocketEvent) => void,
  ) {
    const url = `${entryUrl.replace(/^http/, "ws")}/api/realtime/socket`;
    this.ready = new Promise((resolve) => {
      const greeted = () => {
        this.greeted += 1;
        if (this.greeted === count) resolve();
      };
      for (let i = 0; i < count; i++) this.after((i * openOverMs) / count, () => this.connect(url, i, greeted));
      if (count === 0) resolve();
    });
  }

  private connect(url: string, socket: number, greeted?: () => void): void {
    const connection = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 10_000 });
    this.open.set(socket, connection);
    let slot: string | null = null;
    let version: string | null = null;
    let said: string | undefined;
    let welcomed = false;
    const tell = (event: SocketEvent["event"], code: number | null = null) =>
      this.onEvent({ at: now(), socket, event, slot, version, code, own: this.stopping });

    const speak = () => {
      if (connection.readyState !== WebSocket.OPEN) return;
      said = `${socket}:${now()}`;
      const mine = said;
      connection.send(mine);
      this.after(echoWithinMs, () => {
        if (said === mine && connection.readyState === WebSocket.OPEN) tell("echo-lost");
      });
      this.after(echoEveryMs * (0.8 + 0.4 * this.random()), speak);
    };

    connection.on("message", (data) => {
      const message = JSON.parse(String(data)) as FromService;
      if (message.type === "welcome") {
        slot = message.slot ?? null;
        version = message.version ?? null;
        welcomed = true;
        tell("opened");
        greeted?.();
        this.after(echoEveryMs * this.random(), speak);
      }
      if (message.type === "echo" && message.text === said) said = undefined;
    });
    connection.on("error", () => undefined); // "close" follows and tells it
    connection.on("close", (code) => {
      tell(welcomed ? "closed" : "refused", welcomed ? code : null);
      this.open.delete(socket);
      // Spread, so that 200 browsers do not come back in the same millisecond.
      if (!this.stopping)
        this.after(this.random() * reconnectWithinMs, () => this.connect(url, socket, welcomed ? undefined : greeted));
    });
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  /** Says goodbye on each and waits until all are closed. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    const closed = [...this.open.values()].map(
      (connection) =>
        new Promise<void>((resolve) => {
          connection.once("close", () => resolve());
          connection.close(1000);
          setTimeout(() => connection.terminate(), 2_000).unref();
        }),
    );
    await Promise.all(closed);
  }
}
