/** Load where there is no `wrk`: `node generator.js URL CONNECTIONS SECONDS` prints a `Load` as JSON. */
import { Client } from "undici";

const [url = "", connections = "32", seconds = "4"] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const latencies: number[] = [];
let errors = 0;
const startedAt = performance.now();
const endsAt = startedAt + Number(seconds) * 1000;

async function connection(): Promise<void> {
  const client = new Client(origin, { pipelining: 1, headersTimeout: 5000, bodyTimeout: 5000 });
  while (performance.now() < endsAt) {
    const sentAt = performance.now();
    try {
      const answer = await client.request({ path: pathname, method: "GET" });
      await answer.body.dump();
      if (answer.statusCode >= 200 && answer.statusCode < 300) latencies.push(performance.now() - sentAt);
      else errors += 1;
    } catch {
      // Counted: how many requests failed is what is asked.
      errors += 1;
    }
  }
  await client.close();
}

async function main(): Promise<void> {
  await Promise.all(Array.from({ length: Number(connections) }, connection));
  latencies.sort((a, b) => a - b);
  const requestsPerSecond = latencies.length / ((performance.now() - startedAt) / 1000);
  const p99Ms = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
  process.stdout.write(JSON.stringify({ requestsPerSecond, p99Ms, errors }));
}
void main();
