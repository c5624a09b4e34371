/** The counters as Prometheus reads them (text exposition format 0.0.4). Durations in seconds, as is the custom there. */
import type { SlotStats } from "../../api";
import type { Control } from "./control";

type Kind = "counter" | "gauge";

export function exposition(control: Control): string {
  const slots = control.teams().flatMap((team) => {
    const { slots, route } = control.stats(team);
    return Object.entries(slots).map(([slot, stats]) => ({
      labels: `team=${JSON.stringify(team)},slot=${JSON.stringify(slot)}`,
      weight: route?.weights[slot] ?? 0,
      stats,
    }));
  });
  const family = (
    name: string,
    kind: Kind,
    help: string,
    value: (stats: SlotStats & { healthy: boolean | null }, weight: number) => number | null,
  ) => {
    const samples = slots.flatMap(({ labels, stats, weight }) => {
      const sample = value(stats, weight);
      return sample === null ? [] : [`switchyard_${name}{${labels}} ${sample}`];
    });
    return [`# HELP switchyard_${name} ${help}`, `# TYPE switchyard_${name} ${kind}`, ...samples];
  };
  const lines = [
    ...family("requests_total", "counter", "Requests sent to the slot.", (stats) => stats.requests),
    ...family(
      "failures_total",
      "counter",
      "Answers the load balancer gave in the slot's place.",
      (stats) => stats.failures,
    ),
    ...family("in_flight", "gauge", "Requests the slot has not answered yet.", (stats) => stats.inFlight),
    ...family("websockets", "gauge", "Open WebSockets.", (stats) => stats.webSockets),
    ...family("websockets_opened_total", "counter", "WebSockets ever opened.", (stats) => stats.webSocketsOpened),
    ...family("weight", "gauge", "The slot's weight in its team's route.", (_stats, weight) => weight),
    ...family(
      "healthy",
      "gauge",
      "1: the health check passes, 0: it does not; absent: not decided yet.",
      ({ healthy }) => (healthy === null ? null : Number(healthy)),
    ),
    "# HELP switchyard_answers_total Answers of the slot by status class.",
    "# TYPE switchyard_answers_total counter",
    ...slots.flatMap(({ labels, stats }) =>
      Object.entries(stats.statuses).map(
        ([status, count]) => `switchyard_answers_total{${labels},class="${status}"} ${count}`,
      ),
    ),
    "# HELP switchyard_latency_seconds From request to the head of the answer.",
    "# TYPE switchyard_latency_seconds histogram",
    ...slots.flatMap(({ labels, stats }) => histogram(labels, stats)),
  ];
  return `${lines.join("\n")}\n`;
}

/** Prometheus' buckets are cumulative. The sum is not kept: it is estimated from the buckets' upper bounds. */
function histogram(labels: string, stats: SlotStats): string[] {
  let count = 0;
  let sumMs = 0;
  const buckets = stats.latencyCounts.map((inBucket, i) => {
    const bound = stats.latencyBoundsMs[i] ?? null;
    count += inBucket;
    sumMs += inBucket * (bound ?? stats.latencyBoundsMs[i - 1] ?? 0);
    return `switchyard_latency_seconds_bucket{${labels},le="${bound === null ? "+Inf" : bound / 1000}"} ${count}`;
  });
  return [
    ...buckets,
    `switchyard_latency_seconds_sum{${labels}} ${sumMs / 1000}`,
    `switchyard_latency_seconds_count{${labels}} ${count}`,
  ];
}
