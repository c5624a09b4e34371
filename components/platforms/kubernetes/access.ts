import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { teamLabels } from "./names";
import type { Within } from "./within";

const look = ["get", "list", "watch"];
const change = [...look, "create", "patch", "update", "delete"];

/** What a member of the team may see. Secrets are not in it. */
const view = [
  {
    apiGroups: [""],
    resources: ["pods", "pods/log", "services", "events", "configmaps", "resourcequotas"],
    verbs: look,
  },
  { apiGroups: ["apps"], resources: ["deployments", "replicasets"], verbs: look },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: look },
  { apiGroups: ["gateway.networking.k8s.io"], resources: ["httproutes"], verbs: look },
];

/** What a driver needs beside that to release: the resources of a team stack, and nothing that is permanent. */
const release = [
  ...view,
  { apiGroups: ["apps"], resources: ["deployments"], verbs: change },
  { apiGroups: [""], resources: ["secrets"], verbs: change },
  { apiGroups: ["gateway.networking.k8s.io"], resources: ["httproutes"], verbs: change },
];

/**
 * Two roles, each for a group that the cluster's identity provider may put people and drivers in:
 * `switchyard:<environment>:<team>:view` and `switchyard:<environment>:<team>:release`.
 */
export function createAccess(name: string, { settings, namespace, options }: Within): void {
  const { environment, team } = settings;
  for (const [role, rules] of Object.entries({ view, release })) {
    const metadata = { name: role, namespace, labels: teamLabels(settings) };
    const made = new Role(`${name}-${role}`, { metadata, rules }, options);
    const group = {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Group",
      name: `switchyard:${environment}:${team}:${role}`,
    };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role };
    const after = { ...options, dependsOn: [made] };
    new RoleBinding(`${name}-${role}`, { metadata, roleRef, subjects: [group] }, after);
  }
}
