import { rmSync } from "node:fs";
import {
  listStacks,
  OperationLock,
  removeAllLocks,
  removeStackFiles,
  stackExists,
  writeCheckpointText,
} from "../backend";
import { EngineFailure, notSupported } from "../failure";
import { emptyCheckpoint, formatCheckpoint } from "../state/checkpoint";
import { flagValue, isSet } from "./arguments";
import {
  backendOf,
  type Command,
  type Invocation,
  loadCheckpoint,
  printJson,
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
  const lock = OperationLock.acquire(backend, id, timestamp(invocation.now()));
  try {
    return await action(lock);
  } finally {
    lock.release();
  }
}

export const select: Command = async (invocation) => {
  const target = targetOf(invocation, invocation.args.positional[0]);
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  selectionOf(invocation, target.backend, target.project).set(target.id);
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
  printJson(invocation, stacks);
};

export const cancel: Command = async (invocation) => {
  const target = targetOf(invocation, invocation.args.positional[0]);
  if (!isSet(invocation.args, "yes")) {
    throw new EngineFailure("--yes must be passed in to proceed when running in non-interactive mode", 2);
  }
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  removeAllLocks(target.backend, target.id);
  invocation.output.out(`The currently running update for '${target.id.stack}' has been canceled!\n`);
};
