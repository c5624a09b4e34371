/**
 * What the driver asks of the local platform while a release runs. The shape is `LivePlatform` of the components, which
 * assign this to it; here it is structural, since imports go down only.
 */
import { SwitchyardError } from "../../config/errors";
import type { RouteState, TeamSettings } from "../../config/settings";
import { type AlarmRule, type ProcessStatus, type RouteSpec, type SlotStats, slotHeader } from "../api";
import { logFile, slotProcess } from "../paths";
import { tailLog } from "../supervisor";
import { LocalRuntime } from "./runtime";

interface LocalLive {
  route(): Promise<RouteState | null>;
  setRoute(route: RouteState): Promise<void>;
  traffic(): Promise<{ at: string; since: string; slots: Record<string, LocalCounters> }>;
  rules(): Promise<LocalRule[]>;
  slot(slot: string): Promise<LocalSlotCondition>;
  slotUrl(slot: string): string;
  entryUrl(): string;
  slotHeader: string;
  logs(slot: string, lines: number): Promise<string[]>;
}

interface LocalCounters {
  requests: number;
  serverErrors: number;
  failures: number;
  latencyBoundsMs: number[];
  latencyCounts: number[];
  inFlight: number;
  webSockets: number;
  healthy: boolean | null;
  lastRequestAt: string | null;
}

type LocalRule = AlarmRule & { metric: BakeMetric };
const bakeMetrics = ["error-rate", "latency-p99-ms", "unhealthy"] as const;
type BakeMetric = (typeof bakeMetrics)[number];
const isBakeRule = (rule: AlarmRule): rule is LocalRule => bakeMetrics.some((metric) => metric === rule.metric);

interface LocalSlotCondition {
  state: "running" | "starting" | "failing" | "stopped" | "empty";
  version: string | null;
  detail: string;
}

const counters = ({
  statuses,
  latencyBoundsMs,
  webSocketsOpened: _,
  ...rest
}: SlotStats & { healthy: boolean | null }): LocalCounters => ({
  ...rest,
  serverErrors: statuses["5xx"] ?? 0,
  latencyBoundsMs: latencyBoundsMs.map((bound) => bound ?? Number.POSITIVE_INFINITY),
});

const url = (host: string, port: number) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

export function livePlatform(settings: TeamSettings): LocalLive {
  const { team, environment, local, entry } = settings;
  if (!local) throw new SwitchyardError("unexpected", `the settings of ${team} are not those of the local platform`);
  const { runtimeDir } = local;
  const runtime = new LocalRuntime(runtimeDir, { environment });

  const stats = async () => {
    const found = await runtime.stats(team);
    if (found) return found;
    throw new SwitchyardError("environment-down", `the load balancer of ${environment} knows nothing of ${team}`);
  };
  const heldRoute = async (): Promise<RouteSpec | null> => (await runtime.stats(team))?.route ?? null;
  const settingsOf = (slot: string) => {
    const found = settings.slots.find(({ name }) => name === slot);
    if (!found) throw new SwitchyardError("unexpected", `${team} has no slot ${slot}`);
    return found;
  };

  return {
    async route() {
      const held = await heldRoute();
      if (!held) return null;
      const { live, weights, epoch, revision, release } = held;
      return { live, weights, epoch, revision, release };
    },
    async setRoute(route) {
      const targetGroups = Object.fromEntries(settings.slots.map(({ name, targetGroup }) => [name, targetGroup]));
      const { live, weights, epoch, revision, release } = route;
      await runtime.putRoute({ team, paths: entry.paths, targetGroups, live, weights, epoch, revision, release });
    },
    async traffic() {
      const { at, since, slots } = await stats();
      return {
        at,
        since,
        slots: Object.fromEntries(Object.entries(slots).map(([slot, found]) => [slot, counters(found)])),
      };
    },
    rules: async () => (await stats()).alarms.filter(isBakeRule),
    async slot(slot) {
      const name = slotProcess(team, settingsOf(slot).name);
      const [status, healthy] = await Promise.all([runtime.process(name), healthOf(runtime, team, slot)]);
      return condition(status, healthy);
    },
    slotUrl(slot) {
      const { host, port } = settingsOf(slot);
      return url(host, port);
    },
    entryUrl: () => url(entry.host, entry.port),
    slotHeader,
    logs: (slot, lines) => tailLog(logFile(runtimeDir, slotProcess(team, settingsOf(slot).name)), lines),
  };
}

/** null: not known, also when the load balancer cannot be asked; a slot's own condition can be told without it. */
async function healthOf(runtime: LocalRuntime, team: string, slot: string): Promise<boolean | null> {
  try {
    return (await runtime.stats(team))?.slots[slot]?.healthy ?? null;
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === "environment-down") return null;
    throw error;
  }
}

function condition(status: ProcessStatus | undefined, healthy: boolean | null): LocalSlotCondition {
  if (!status) return { state: "empty", version: null, detail: "the slot is empty" };
  const version = status.spec.version ?? null;
  const times = status.restarts === 1 ? "once" : `${status.restarts} times`;
  const words = status.lastWords.length > 0 ? `; last words: ${status.lastWords.join(" | ")}` : "";
  if (status.state === "stopped") return { state: "stopped", version, detail: status.reason ?? "stopped" };
  if (status.state === "backing-off") {
    const detail = `${status.reason ?? "not running"}, started again ${times}${words}`;
    return { state: "failing", version, detail };
  }
  const since = `pid ${status.pid}, running since ${status.startedAt}`;
  if (healthy) return { state: "running", version, detail: `${since}, healthy` };
  if (status.restarts > 0) {
    const detail = `${since}, started again ${times} (${status.reason})${words}`;
    return { state: "failing", version, detail };
  }
  return { state: "starting", version, detail: `${since}, not healthy yet` };
}
