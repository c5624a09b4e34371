import { type AddressInfo, createServer } from "node:net";

const lowest = 11_008;
const size = 128;
const many = 160;

/**
 * The first of 127 ports in a row that are a test's own: below those that the system gives out by itself, free now, and not
 * given to any other test on this machine as long as this process lives. The port before them is held to say so.
 */
export async function portStretch(): Promise<number> {
  const start = Math.floor(Math.random() * many);
  for (let i = 0; i < many; i++) {
    const claimed = lowest + ((start + i) % many) * size;
    const release = await hold(claimed);
    if (release === undefined) continue;
    if (await areFree(claimed + 1, size - 1)) return claimed + 1;
    await release();
  }
  throw new Error("there is no stretch of free ports on this machine");
}

/** Undefined: somebody has it. It does not keep the process alive. */
function hold(port: number): Promise<(() => Promise<void>) | undefined> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(() => new Promise((closed) => server.close(() => closed()))));
  });
}

async function areFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port++) {
    const release = await hold(port);
    if (release === undefined) return false;
    await release();
  }
  return true;
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
