import { createServer } from "node:net";

const first = 20_000;
/** Below the ports that Linux gives to outgoing connections. */
const last = 32_000;
const attempts = 50;

/** The first of `count` neighbouring ports on which nobody listens now. */
export async function freePorts(count: number, random: () => number): Promise<number> {
  for (let i = 0; i < attempts; i++) {
    const from = first + Math.floor(random() * (last - first - count));
    const free = await Promise.all(Array.from({ length: count }, (_, offset) => isFree(from + offset)));
    if (free.every(Boolean)) return from;
  }
  throw new Error(`no ${count} free ports in a row were found between ${first} and ${last}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
