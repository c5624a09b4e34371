import { execFile } from "node:child_process";
import { connect, createServer } from "node:net";
import type { EnvironmentConfig } from "../../config/environment";
import { type Finding, missing, ok } from "./finding";

const portsOfTeam = 10;

/** Before an environment is up: are the ports that it would take free, and if not, who has them? */
export async function freePorts({ loadBalancer, firstPort, teams }: EnvironmentConfig): Promise<Finding> {
  const wanted = [{ host: loadBalancer.host, port: loadBalancer.port }];
  Object.keys(teams).forEach((_team, i) => {
    for (const slot of [1, 2]) wanted.push({ host: "127.0.0.1", port: firstPort + i * portsOfTeam + slot });
  });
  const problems: string[] = [];
  for (const { host, port } of wanted) {
    const problem = await whyNotFree(host, port);
    if (problem !== undefined) problems.push(`${host}:${port} ${problem}`);
  }
  const last = firstPort + Object.keys(teams).length * portsOfTeam - 1;
  return problems.length === 0
    ? ok("ports", `${loadBalancer.port} and ${firstPort} to ${last} are free`)
    : missing(
        "ports",
        problems.join("; "),
        "Stop that process, or set another port (`switchyard:loadBalancer.port`, `switchyard:firstPort`).",
      );
}

/** Of an environment that is up: does its load balancer take connections? */
export async function loadBalancerAnswers(config: EnvironmentConfig, environment: string): Promise<Finding> {
  const { host, port } = config.loadBalancer;
  return (await accepts(host, port))
    ? ok("ports", `the load balancer answers on ${host}:${port}`)
    : missing("ports", `nothing answers on ${host}:${port}`, `Run \`switchyard up ${environment}\`.`);
}

function whyNotFree(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") holder(port).then((who) => resolve(`is held by ${who}`));
      else resolve(`cannot be listened on (${error.code ?? error.message})`);
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** `pid 4711 (node)`; only Linux's own tool can tell, and only of processes that are ours. */
function holder(port: number): Promise<string> {
  return new Promise((resolve) => {
    execFile("ss", ["-ltnpH", `sport = :${port}`], { timeout: 5000 }, (error, stdout) => {
      const found = error ? null : /\("([^"]+)",pid=(\d+)/.exec(stdout);
      resolve(found ? `pid ${found[2]} (${found[1]})` : "another process");
    });
  });
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
