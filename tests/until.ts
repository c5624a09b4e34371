import { setTimeout as delay } from "node:timers/promises";

/** Waits until `probe` gives something, with a deadline. */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${probe}`);
    await delay(20);
  }
}
