/** Before all tests: a cluster of their own, built where it has to be. What cannot be had ends the run. */
import { startCluster } from "./cluster";
import { build } from "./server/binary.cjs";
import { keep } from "./shared";

export default async function setup(): Promise<void> {
  const cluster = await startCluster(build());
  process.env.SWITCHYARD_TEST_KUBECONFIG = cluster.kubeconfig;
  keep(cluster);
}
