import type { Outcome } from "./outcome";
import { type Ending, type ProgramEnd, runProgram } from "./program";
import type { DeploymentRequest } from "./request";

/** Time for what the program has already sent to arrive, before its calls begin to fail. */
const graceMs = 20;
/** Nobody waits longer for a program to notice that its run was stopped. */
const patienceMs = 5_000;
/** How long the last calls of a program are answered that nobody can see the end of. */
const afterwardsMs = 500;
/** A program that starts waits at most this long for the ends of others. */
const courtesyMs = 250;

/**
 * What a program still rejects when the SDK has stopped listening would end the process, and with it all that others do in it.
 * The SDK marks such errors with `promise`; any other that nobody else takes is what it always was.
 */
function ignoreEcho(reason: unknown): void {
  const isEcho = reason instanceof Error && "promise" in reason;
  const nobodyElse = process.listeners("unhandledRejection").every((listener) => listener === ignoreEcho);
  if (!isEcho && nobodyElse) throw reason;
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

/**
 * The SDK catches unhandled rejections for the whole process while a program runs, and takes them for its own: a program
 * that is ended would make the programs beside it fail. So one is ended only while no other runs; until then it waits,
 * and its run is over for everybody else. This is the one thing that the runs of a process know of each other.
 */
class Programs {
  #running = 0;
  readonly #ending = new Set<Promise<void>>();
  readonly #parked: (() => void)[] = [];

  async enter(): Promise<void> {
    if (this.#ending.size > 0) await within(Promise.all(this.#ending), courtesyMs);
    this.#running++;
  }

  leave(): void {
    this.#running--;
    if (this.#running === 0) for (const end of this.#parked.splice(0)) end();
  }

  /** Leaves, and ends the program as soon as no other runs. @returns a promise for its end, where that is now. */
  end(begin: () => void, ended: Promise<unknown>, release: () => void): Promise<void> | undefined {
    const act = (seenEnd: Promise<unknown>, longestMs: number): Promise<void> => {
      const end = within(seenEnd, longestMs).then(() => {
        this.#ending.delete(end);
        release();
      });
      this.#ending.add(end);
      begin();
      return end;
    };
    this.#running--;
    if (this.#running === 0) return act(ended, patienceMs);
    // By then the SDK has closed the program's language server, so that its end does not show there.
    this.#parked.push(() => void act(new Promise(() => undefined), afterwardsMs));
    return undefined;
  }
}

const programs = new Programs();

interface Supervision {
  request: DeploymentRequest;
  address: string;
  monitorAddress: string;
  outcome: Outcome;
  ending: Ending;
  /** Resolves when no step runs. */
  idle: () => Promise<void>;
  /** The program does not call any more. */
  release: () => void;
}

/** Runs the program until it ends or its run was stopped. @returns undefined where it was stopped. */
export async function supervise(supervision: Supervision): Promise<ProgramEnd | undefined> {
  const { request, address, monitorAddress, outcome, ending, idle, release } = supervision;
  await programs.enter();
  let ended = false;
  process.on("unhandledRejection", ignoreEcho);
  const end = runProgram(request, address, monitorAddress).finally(() => {
    ended = true;
    setTimeout(() => process.off("unhandledRejection", ignoreEcho), afterwardsMs).unref();
  });
  const first = await Promise.race([end, outcome.whenStopped.then(() => undefined)]);
  if (first === undefined) {
    await idle();
    await within(end, graceMs);
    if (!ended) {
      await programs.end(() => ending.begin(), end, release);
      return undefined;
    }
  }
  programs.leave();
  release();
  return first;
}
