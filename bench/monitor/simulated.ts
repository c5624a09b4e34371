/** What can be said without a wall clock: the state machine over seeds. */
import { defaultPolicy, type Plan } from "../../health/check";
import type { Line } from "./line";
import { seeded, simulate, type Told } from "./simulation";

const minute = 60_000;
const day = 24 * 60 * minute;

const plan = (id: string, policy: Partial<Plan["policy"]> = {}, dependsOn: string[] = []): Plan => ({
  id,
  policy: { ...defaultPolicy, ...policy },
  dependsOn,
  pages: true,
});

/** A target that dies at a random moment, 2,000 times: from its death to the page. */
function untilPage(policy: Partial<Plan["policy"]>, tookMs: number): { mean: number; p99: number } {
  const found = Array.from({ length: 2000 }, (_, seed) => {
    const random = seeded(seed);
    const diesAt = 5 * minute + random() * minute;
    const world = (_check: string, at: number) =>
      at < diesAt ? ({ verdict: "pass", tookMs: 5 } as const) : ({ verdict: "fail", tookMs } as const);
    const { told } = simulate({ plans: [plan("target", policy)], world, untilMs: 30 * minute, random });
    return (told.find(({ what }) => what === "page")?.at ?? Number.POSITIVE_INFINITY) - diesAt;
  }).sort((a, b) => a - b);
  const mean = found.reduce((sum, ms) => sum + ms, 0) / found.length;
  return { mean, p99: found[Math.ceil(found.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY };
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const text = ({ mean, p99 }: { mean: number; p99: number }) => `mean ${seconds(mean)}, p99 ${seconds(p99)}`;

export function detection(): Line[] {
  const refused = untilPage({}, 2);
  const hanging = untilPage({}, defaultPolicy.deadlineMs);
  // 60 s between probes, a failure after 3, no quick retry
  const slower = untilPage({ intervalMs: 60_000, retryMs: 60_000 }, 2);
  return [
    {
      what: "a dead target, from its death to the page (interval 30 s)",
      found: text(refused),
      promised: { text: "mean at most 25 s, p99 at most 40 s", kept: refused.mean <= 25_000 && refused.p99 <= 40_000 },
    },
    { what: "a target that hangs until the deadline of 5 s", found: text(hanging) },
    { what: "the same death by Gatus's defaults (60 s, 3 in a row)", found: text(slower) },
  ];
}

/** Lost probes and slow answers at random, and never an outage. */
export function quietWeek(): Line[] {
  const checks = 12;
  const lost = 0.005;
  const random = seeded(20_261_124);
  const plans = Array.from({ length: checks }, (_, i) => plan(`check-${i}`));
  const world = () => {
    const draw = random();
    if (draw < lost) return { verdict: "fail", tookMs: defaultPolicy.deadlineMs } as const;
    return { verdict: draw < 2 * lost ? "warn" : "pass", tookMs: 5 + 200 * random() ** 4 } as const;
  };
  const { told, probes } = simulate({ plans, world, untilMs: 7 * day, random });
  const pages = told.filter(({ what }) => what === "page").length;
  return [
    {
      what: `a week of jitter: ${checks} checks, ${probes} probes, 0.5 % of them lost`,
      found: `${pages} pages`,
      promised: { text: "no false page", kept: pages === 0 },
    },
  ];
}

export function dependencies(): Line[] {
  const children = Array.from({ length: 30 }, (_, i) => plan(`child-${i}`, {}, ["parent"]));
  const seeds = 100;
  const wrong = Array.from({ length: seeds }, (_, seed) => seed).filter((seed) => {
    const random = seeded(seed);
    const diesAt = 5 * minute + random() * minute;
    const world = (_check: string, at: number) =>
      ({ verdict: at < diesAt || at > diesAt + 10 * minute ? "pass" : "fail", tookMs: 2 + 20 * random() }) as const;
    const { told } = simulate({ plans: [plan("parent"), ...children], world, untilMs: 30 * minute, random });
    return !(called(told) === "parent" && timelines(told) === 31);
  });
  return [
    {
      what: `one parent down with 30 children, ${seeds} times`,
      found: `${seeds - wrong.length} times one page and 31 timelines`,
      promised: { text: "one page each time", kept: wrong.length === 0 },
    },
  ];
}

const called = (told: Told[]): string =>
  told
    .filter(({ what }) => what === "page")
    .map(({ check }) => check)
    .join();
const timelines = (told: Told[]): number =>
  new Set(told.filter(({ effect }) => effect.do === "record" && effect.to === "fail").map(({ check }) => check)).size;
