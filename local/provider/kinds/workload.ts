import { z } from "zod";
import type { ProcessSpec } from "../../api";
import { slotProcess } from "../../paths";
import { type Call, type Failure, kind } from "../kind";
import { absolutePath, limits, milliseconds, name, orNull, port } from "./shared";

const environment = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string());
const schema = z.strictObject({
  runtimeDir: absolutePath,
  team: name,
  slot: name,
  targetGroup: name,
  version: orNull(z.string().min(1)),
  command: z.array(z.string()),
  cwd: orNull(absolutePath),
  env: environment,
  secretEnv: environment,
  port,
  limits,
  graceMs: milliseconds,
  stopAfter: orNull(z.iso.datetime({ offset: true })),
});
type WorkloadInputs = z.output<typeof schema>;

const processName = ({ team, slot }: WorkloadInputs) => slotProcess(team, slot);

/** A slot is empty, or it has all of these. */
function check({ version, command, cwd }: WorkloadInputs): Failure[] {
  const empty = version === null;
  return [
    ...(empty === (command.length === 0) ? [] : [{ property: "command", reason: expected("command", empty) }]),
    ...(empty === (cwd === null) ? [] : [{ property: "cwd", reason: expected("cwd", empty) }]),
  ];
}
const expected = (property: string, empty: boolean) =>
  empty ? `a slot without a version has no ${property}` : `a slot with a version needs a ${property}`;

async function run(inputs: WorkloadInputs, { runtime }: Call): Promise<Record<string, never>> {
  const { version, command, cwd, env, secretEnv, stopAfter } = inputs;
  if (version === null || cwd === null) {
    await runtime.removeProcess(processName(inputs), inputs.graceMs);
    return {};
  }
  const spec: ProcessSpec = {
    ...{ command, cwd, env: { ...env, ...secretEnv }, graceMs: inputs.graceMs, limits: inputs.limits },
    ...{ port: inputs.port, targetGroup: inputs.targetGroup, version },
    ...(stopAfter === null ? {} : { stopAfter }),
  };
  await runtime.putProcess(processName(inputs), spec);
  return {};
}

export const workload = kind(schema, {
  id: processName,
  replaceOn: ["runtimeDir", "team", "slot"],
  deleteBeforeReplace: true,
  check,
  create: run,
  update: (news, _, call) => run(news, call),
  async read(inputs, { runtime }) {
    await runtime.reviveSupervisor();
    const status = await runtime.process(processName(inputs));
    // A slot is permanent: without its process it is empty, not gone. The environment is not told, since it holds secrets.
    if (!status) return { version: null, command: [], cwd: null, stopAfter: null };
    const { version = null, command, cwd, stopAfter = null } = status.spec;
    return { version, command, cwd, stopAfter, limits: status.spec.limits, graceMs: status.spec.graceMs };
  },
  delete: (inputs, { runtime }) => runtime.removeProcess(processName(inputs), inputs.graceMs),
});
