import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { inCluster } from "./support";

export interface Wanted {
  name: string;
  replicas?: number;
  label?: string;
  privileged?: boolean;
  seconds?: string;
  /** Its namespace. */
  in: string;
}
/** Registers a Deployment, as a program does. */
export const deploy = ({ name, replicas = 1, label = name, privileged = false, seconds = "60", in: where }: Wanted) => {
  const labels = { app: label };
  const annotations = { "pulumi.com/timeoutSeconds": seconds };
  const container = { name: "service", image: "registry.example.com/nothing:1", securityContext: { privileged } };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  return new Deployment(
    name,
    {
      metadata: { name, namespace: where, annotations },
      spec: { replicas, selector: { matchLabels: labels }, template },
    },
    inCluster(),
  );
};
