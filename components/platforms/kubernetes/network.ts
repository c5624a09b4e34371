import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import type { input } from "@pulumi/kubernetes/types";
import type { KubernetesConfig } from "../../../config/kubernetes";
import { slotPort, teamLabels } from "./names";
import type { Within } from "./within";

type Rule = Pick<input.networking.v1.NetworkPolicySpec, "ingress" | "egress">;

const ofNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });

/**
 * Nothing in, nothing out, and then what a slot cannot do without. Only some clusters' networks enforce it. The health checks
 * of the slot's own node pass in all of them.
 */
export function createNetworkPolicies(
  name: string,
  { settings, namespace, options }: Within,
  { gateway, egress }: KubernetesConfig,
): void {
  const allow = (what: string, policyTypes: string[], rule: Rule) => {
    const metadata = { name: what, namespace, labels: teamLabels(settings) };
    new NetworkPolicy(`${name}-${what}`, { metadata, spec: { podSelector: {}, policyTypes, ...rule } }, options);
  };
  allow("default-deny", ["Ingress", "Egress"], {});
  allow("dns", ["Egress"], {
    egress: [
      {
        to: [ofNamespace("kube-system")],
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      },
    ],
  });
  const fromGateway = { from: [ofNamespace(gateway.namespace)], ports: [{ port: slotPort, protocol: "TCP" }] };
  allow("load-balancer", ["Ingress"], { ingress: [fromGateway] });
  allow("same-team", ["Ingress", "Egress"], {
    ingress: [{ from: [{ podSelector: {} }] }],
    egress: [{ to: [{ podSelector: {} }] }],
  });
  if (egress.length > 0) {
    allow("outside", ["Egress"], { egress: [{ to: egress.map((cidr) => ({ ipBlock: { cidr } })) }] });
  }
}
