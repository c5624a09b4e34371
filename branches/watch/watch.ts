/** The matrix kept current as pushes arrive, and told to whoever listens. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { messageOf, SwitchyardError } from "../../config/errors";
import { createMatrix } from "../conflicts";
import { type Place, teamOf } from "../lifecycle";
import { type ConflictReport, findingsIn, reportsOf } from "./report";
import { conflictsSince } from "./since";
import { openSource } from "./source";

export interface MatrixNews {
  /** RFC 3339 */
  at: string;
  /** The first news tell everything that is; later ones what changed. */
  first: boolean;
  /** Branches that moved, came or went; the base too. */
  moved: string[];
  reports: ConflictReport[];
  /** From the moment the push was seen. */
  ms: number;
}

export interface WatchOptions {
  signal: AbortSignal;
  /** Must not throw. */
  onNews(news: MatrixNews): void;
  /** The remote did not answer, or a branch was gone before it could be read: told once, and tried again. */
  onTrouble(thrown: unknown): void;
  /** Instead of what fits the remote. */
  everyMs?: number;
}

/** Until the signal. Throws only where it cannot begin: `repository-unfit`, `source-unreadable`. */
export async function watchConflicts({ workspace, teams, records }: Place, options: WatchOptions): Promise<void> {
  const { signal } = options;
  const source = await openSource(workspace);
  const matrix = createMatrix(source.git);
  const since = conflictsSince(records, workspace.git.gitDir);
  let last: Map<string, string> | undefined;

  async function look(): Promise<void> {
    const seen = await source.read();
    if (last !== undefined && isDeepStrictEqual(sorted(last), sorted(seen))) return;
    const began = performance.now();
    const base = { name: workspace.base, commit: seen.get(workspace.base) ?? "" };
    if (base.commit === "") throw new SwitchyardError("repository-unfit", `The remote has no branch ${base.name}.`);
    await source.obtain();
    const branches = new Map([...seen].filter(([name]) => name !== base.name && teamOf(teams, name) !== undefined));
    const findings = findingsIn(base.name, await matrix.update({ base: base.commit, branches }));
    const at = new Date().toISOString();
    if (last === undefined) since.keep(findings);
    const reports = await reportsOf(source.git, { base, branches }, findings, (finding) => {
      if (finding.state === "conflict") return since.begin(finding, at);
      since.end(finding);
      return null;
    });
    const names = new Set([...(last?.keys() ?? []), base.name, ...branches.keys()]);
    const moved = [...names].filter((name) => last?.get(name) !== seen.get(name));
    const first = last === undefined;
    last = seen;
    options.onNews({ at, first, moved, reports, ms: performance.now() - began });
  }

  let trouble: string | undefined;
  try {
    while (!signal.aborted) {
      try {
        await look();
        trouble = undefined;
      } catch (thrown) {
        // the next look begins from what is then: a branch that went while it was read is no loss
        if (trouble !== messageOf(thrown)) options.onTrouble(thrown);
        trouble = messageOf(thrown);
      }
      await pause(options.everyMs ?? source.everyMs, signal);
    }
  } finally {
    await matrix.close();
  }
}

const sorted = (tips: ReadonlyMap<string, string>) => [...tips].sort(([a], [b]) => (a < b ? -1 : 1));

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown;
  });

/** The matrix as it is now, once. Throws what the watch tells as trouble. */
export async function conflictsNow(place: Place): Promise<MatrixNews> {
  const stop = new AbortController();
  let news: MatrixNews | undefined;
  let trouble: unknown;
  await watchConflicts(place, {
    signal: stop.signal,
    onNews(first) {
      news = first;
      stop.abort();
    },
    onTrouble(thrown) {
      trouble = thrown;
      stop.abort();
    },
  });
  if (news === undefined) throw trouble;
  return news;
}
