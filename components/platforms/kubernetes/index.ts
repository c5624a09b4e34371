/** The Kubernetes platform. The only place above `kubernetes/` that knows it; not offered yet, see `../index.ts`. */
import { KubernetesProvider, packageName } from "../../../kubernetes/provider";
import type { Platform } from "../../platform";
import { kubernetesEnvironment } from "./environment";
import { livePlatform } from "./live";
import { kubernetesRelease } from "./release";

export const kubernetesPlatform: Platform = {
  name: "kubernetes",
  environment: kubernetesEnvironment,
  release: kubernetesRelease,
  live: livePlatform,
  providers: () => ({ [packageName]: (config) => new KubernetesProvider(config) }),
};
