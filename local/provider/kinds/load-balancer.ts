import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { SwitchyardError } from "../../../config/errors";
import type { LoadBalancerState, ProcessSpec } from "../../api";
import type { LocalRuntime } from "../../client";
import { daemonEntry, ownNode } from "../../package";
import { loadBalancerProcess } from "../../paths";
import { kind } from "../kind";
import { absolutePath, host, milliseconds, port } from "./shared";

const schema = z.strictObject({
  runtimeDir: absolutePath,
  host,
  port,
  kind: z.enum(["embedded", "haproxy"]),
  requestTimeoutMs: milliseconds,
});
type LoadBalancerInputs = z.output<typeof schema>;

/** One of the two, behind the same admin API. */
const daemons = { embedded: "lb", haproxy: "haproxy" } as const;
/** Bounds that keep it below 250 MB under load, together with the supervisor. */
const nodeFlags = ["--max-old-space-size=128", "--max-semi-space-size=4"];
/** Its own time for requests in flight is 10 s. */
const graceMs = 12_000;
const listensWithinMs = 15_000;

const processSpec = (inputs: LoadBalancerInputs): ProcessSpec => ({
  command: [
    ...[ownNode(), ...nodeFlags, daemonEntry(daemons[inputs.kind]), "--runtime-dir", inputs.runtimeDir],
    ...["--host", inputs.host, "--port", String(inputs.port)],
  ],
  cwd: inputs.runtimeDir,
  env: {},
  graceMs,
  limits: {},
  port: inputs.port,
});

const urlOf = ({ host: at, port: number }: { host: string; port: number }) =>
  `http://${at.includes(":") ? `[${at}]` : at}:${number}`;

/** Undefined: it does not answer now. */
async function answer(runtime: LocalRuntime): Promise<LoadBalancerState | undefined> {
  try {
    return await runtime.loadBalancer();
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === "environment-down") return undefined;
    throw error;
  }
}

async function run(inputs: LoadBalancerInputs, runtime: LocalRuntime): Promise<Record<string, unknown>> {
  const { restarts } = await runtime.putProcess(loadBalancerProcess, processSpec(inputs));
  const deadline = performance.now() + listensWithinMs;
  for (;;) {
    const [state, status] = await Promise.all([answer(runtime), runtime.process(loadBalancerProcess)]);
    // A predecessor that is just ending may answer too.
    if (state && state.pid === status?.pid && state.listener.port === inputs.port) return { url: urlOf(inputs) };
    const failed = status === undefined || status.restarts > restarts || status.state === "stopped";
    if (failed || performance.now() > deadline) {
      const why = [status?.reason, ...(status?.lastWords ?? [])].filter(Boolean).join("; ");
      throw new SwitchyardError("environment-down", `the load balancer did not come up on ${urlOf(inputs)}: ${why}`, {
        next: status ? `Its log is ${status.logFile}.` : undefined,
      });
    }
    await delay(10);
  }
}

export const loadBalancer = kind(schema, {
  id: () => loadBalancerProcess,
  replaceOn: ["runtimeDir"],
  deleteBeforeReplace: true,
  create: (inputs, { runtime }) => run(inputs, runtime),
  update: (news, _, { runtime }) => run(news, runtime),
  async read(_, { runtime }) {
    await runtime.reviveSupervisor();
    const status = await runtime.process(loadBalancerProcess);
    if (!status || status.state === "stopped") return undefined;
    const state = await answer(runtime);
    return state ? { host: state.listener.host, port: state.listener.port } : {};
  },
  delete: (_, { runtime }) => runtime.removeProcess(loadBalancerProcess, graceMs),
});
