import type { Cluster } from "./cluster";

/** Jest loads set-up and tear-down each for itself, in the same process. */
const place = globalThis as { switchyardCluster?: Cluster };

export function keep(cluster: Cluster): void {
  place.switchyardCluster = cluster;
}

export async function end(): Promise<void> {
  await place.switchyardCluster?.stop();
}
