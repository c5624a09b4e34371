import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  listStacks,
  moveHistory,
  OperationLock,
  parseStackName,
  readTags,
  removeAllLocks,
  removeStackFiles,
  stackExists,
  writeCheckpointText,
  writeTags,
} from "../backend";
import { EngineFailure, notSupported } from "../failure";
import { emptyCheckpoint, formatCheckpoint } from "../state/checkpoint";
import { renameStackIn } from "../state/rename";
import { flagValue, isSet } from "./arguments";
import {
  backendOf,
  type Command,
  type Invocation,
  loadCheckpoint,
  printJson,
  printTable,
  projectOf,
  selectionOf,
  settingsOf,
  stackName,
  stackNotFound,
  type Target,
  targetOf,
  timestamp,
} from "./context";

/** Runs something that writes to the stack under a lock of its own. */
export async function locked<T>(
  invocation: Invocation,
  { backend, id }: Target,
  action: (lock: OperationLock) => Promise<T>,
): Promise<T> {
  const lock = OperationLock.acquire(backend, id, timestamp(invocation.now()), invocation.mayWrite);
  try {
    return await action(lock);
  } finally {
    lock.release();
  }
}

/** `stack select`, and plain `stack`, which only looks whether there is one. */
export const select: Command = async (invocation) => {
  const target = targetOf(invocation, invocation.args.positional[0]);
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  selectionOf(invocation, target.backend, target.project).set(target.id);
};

export const show: Command = async (invocation) => {
  const target = targetOf(invocation);
  const { time, resources } = loadCheckpoint(target);
  invocation.output.out(
    `Current stack is ${target.id.stack}:\n    Last updated: ${time ?? "never"}\nCurrent stack resources (${resources.length}):\n` +
      resources.map(({ type, urn }) => `    ${type}  ${urn.split("::").slice(3).join("::")}\n`).join(""),
  );
};

export const init: Command = async (invocation) => {
  const target = targetOf(invocation, invocation.args.positional[0]);
  const provider = flagValue(invocation.args, "secrets-provider") ?? "passphrase";
  if (provider !== "passphrase" && provider !== "default" && provider !== "") {
    throw notSupported(`the secrets provider '${provider.split(":")[0]}'`);
  }
  requireFree(target);
  await locked(invocation, target, async (lock) => {
    requireFree(target);
    const { saltText } = settingsOf(invocation, target);
    const checkpoint = { ...emptyCheckpoint(), saltText, time: timestamp(invocation.now()) };
    writeCheckpointText(target.backend, target.id, formatCheckpoint(checkpoint, stackName(target)), () => lock.fence());
  });
  if (!isSet(invocation.args, "no-select")) selectionOf(invocation, target.backend, target.project).set(target.id);
  invocation.output.error(`Created stack '${target.id.stack}'\n`);
};

function requireFree(target: Target): void {
  if (stackExists(target.backend, target.id)) {
    throw new EngineFailure(`stack '${stackName(target)}' already exists`);
  }
}

export const remove: Command = async (invocation) => {
  const target = targetOf(invocation, invocation.args.positional[0]);
  const { stack } = target.id;
  if (!isSet(invocation.args, "yes")) {
    throw new EngineFailure("--yes must be passed in to proceed when running in non-interactive mode", 2);
  }
  if (!stackExists(target.backend, target.id)) throw stackNotFound(stack);
  await locked(invocation, target, async () => {
    const force = isSet(invocation.args, "force");
    if (!force && loadCheckpoint(target).resources.length > 0) {
      throw new EngineFailure(
        `'${stack}' still has resources; removal rejected. Possible actions:\n- Make sure that '${stack}' is the stack that you want to destroy\n` +
          "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n- Run `pulumi stack rm --force` to override this error",
      );
    }
    removeStackFiles(target.backend, target.id);
  });
  if (!isSet(invocation.args, "preserve-config")) rmSync(settingsOf(invocation, target).path, { force: true });
  selectionOf(invocation, target.backend, target.project).forget(target.id);
  invocation.output.out(`Stack '${stack}' has been removed!\n`);
};

export const list: Command = async (invocation) => {
  const backend = backendOf(invocation);
  const all = isSet(invocation.args, "all");
  const project = all ? undefined : projectOf(invocation);
  const selected = project && selectionOf(invocation, backend, project).get();
  const stacks = listStacks(backend, project?.name).map((id) => {
    const { time, resources } = loadCheckpoint({ backend, id, project: project ?? projectOf(invocation) });
    return {
      name: all ? `organization/${id.project}/${id.stack}` : id.stack,
      current: selected === `organization/${id.project}/${id.stack}`,
      ...(time && { lastUpdate: new Date(time).toISOString() }),
      resourceCount: resources.length,
    };
  });
  if (isSet(invocation.args, "json")) return printJson(invocation, stacks);
  printTable(
    invocation,
    ["NAME", "LAST UPDATE", "RESOURCE COUNT"],
    stacks.map(({ name, current, lastUpdate, resourceCount }) => [
      `${name}${current ? "*" : ""}`,
      lastUpdate ?? "n/a",
      String(resourceCount),
    ]),
  );
};

export const rename: Command = async (invocation) => {
  const from = targetOf(invocation);
  const to = { ...from, id: parseStackName(invocation.args.positional[0] ?? "", from.project.name) };
  if (to.id.project !== from.id.project) throw notSupported("renaming a stack into another project");
  if (!stackExists(from.backend, from.id)) throw stackNotFound(from.id.stack);
  requireFree(to);
  await locked(invocation, from, () =>
    locked(invocation, to, async () => {
      const renamed = renameStackIn(loadCheckpoint(from), from.id, to.id.stack);
      writeCheckpointText(to.backend, to.id, formatCheckpoint(renamed, stackName(to)));
      moveHistory(from.backend, from.id, to.id.stack);
      removeStackFiles(from.backend, from.id);
    }),
  );
  renameSettings(settingsOf(invocation, from).path, to.id.stack);
  selectionOf(invocation, to.backend, to.project).set(to.id);
  invocation.output.out(`Renamed ${from.id.stack} to ${to.id.stack}\n`);
};

function renameSettings(path: string, stack: string): void {
  const extension = path.slice(path.lastIndexOf("."));
  if (existsSync(path)) renameSync(path, join(dirname(path), `Pulumi.${stack}${extension}`));
}

export const cancel: Command = async (invocation) => {
  const target = targetOf(invocation, invocation.args.positional[0]);
  if (!isSet(invocation.args, "yes")) {
    throw new EngineFailure("--yes must be passed in to proceed when running in non-interactive mode", 2);
  }
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  removeAllLocks(target.backend, target.id);
  invocation.output.out(`The currently running update for '${target.id.stack}' has been canceled!\n`);
};

export const tagList: Command = async (invocation) => printJson(invocation, readTags(...existing(invocation)));

export const tagGet: Command = async (invocation) => {
  const [key = ""] = invocation.args.positional;
  const [backend, id] = existing(invocation);
  const value = readTags(backend, id)[key];
  if (value === undefined) throw new EngineFailure(`stack tag '${key}' not found for stack '${id.stack}'`);
  invocation.output.out(`${value}\n`);
};

export const tagSet: Command = async (invocation) => {
  const [key, value] = invocation.args.positional;
  if (key === undefined || value === undefined) throw new EngineFailure("accepts 2 arg(s), received fewer");
  const [backend, id] = existing(invocation);
  writeTags(backend, id, { ...readTags(backend, id), [key]: value });
};

export const tagRemove: Command = async (invocation) => {
  const [backend, id] = existing(invocation);
  const { [invocation.args.positional[0] ?? ""]: _, ...others } = readTags(backend, id);
  writeTags(backend, id, others);
};

function existing(invocation: Invocation): [Target["backend"], Target["id"]] {
  const target = targetOf(invocation);
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  return [target.backend, target.id];
}
