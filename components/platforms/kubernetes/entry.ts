/** Where users' requests arrive, and the rule that keeps traffic in the hands of one driver. One for an environment. */
import { ValidatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicy";
import { ValidatingAdmissionPolicyBinding } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicyBinding";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesConfig } from "../../../config/kubernetes";
import type { Entry } from "../../platform";
import { entryNamespace, environmentLabels, gatewayName, labelKeys, routeAnnotations } from "./names";

export function createEntry(
  name: string,
  environment: string,
  config: KubernetesConfig,
  options: pulumi.CustomResourceOptions,
): Entry {
  const labels = environmentLabels(environment);
  const namespace = new Namespace(name, { metadata: { name: entryNamespace(environment), labels } }, options);
  const fence = createFence(name, environment, options);
  const gateway = createGateway(name, environment, config, { ...options, dependsOn: [namespace, fence] });
  return { resource: gateway, url: pulumi.output(config.url) };
}

/** Takes routes from the environment's teams alone. */
function createGateway(
  name: string,
  environment: string,
  { gateway }: KubernetesConfig,
  options: pulumi.CustomResourceOptions,
): CustomResource {
  const labels = environmentLabels(environment);
  const selector = { matchLabels: { [labelKeys.environment]: environment } };
  const listener = {
    ...{ name: "http", protocol: "HTTP", port: gateway.port },
    allowedRoutes: { namespaces: { from: "Selector", selector }, kinds: [{ kind: "HTTPRoute" }] },
  };
  const args = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: gatewayName, namespace: entryNamespace(environment), labels },
    spec: { gatewayClassName: gateway.class, listeners: [listener] },
  };
  return new CustomResource(name, args, options);
}

/**
 * The cluster itself refuses a route that is older than the one it holds, by epoch and then by revision, whoever writes it: a
 * stack operation on either engine, the driver past the stack, a person. It is checked in the same transaction that writes.
 */
function createFence(name: string, environment: string, options: pulumi.CustomResourceOptions): pulumi.Resource {
  const policy = `switchyard-${environment}-routes`;
  const metadata = { name: policy, labels: environmentLabels(environment) };
  const number = (object: string, key: string) =>
    `has(${object}.metadata.annotations) && '${key}' in ${object}.metadata.annotations ? int(${object}.metadata.annotations['${key}']) : 0`;
  const { epoch, revision } = routeAnnotations;
  const fence = new ValidatingAdmissionPolicy(
    `${name}-fence`,
    {
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          namespaceSelector: { matchLabels: { [labelKeys.environment]: environment } },
          resourceRules: [
            {
              apiGroups: ["gateway.networking.k8s.io"],
              apiVersions: ["*"],
              operations: ["UPDATE"],
              resources: ["httproutes"],
            },
          ],
        },
        variables: [
          { name: "epoch", expression: number("object", epoch) },
          { name: "revision", expression: number("object", revision) },
          { name: "heldEpoch", expression: number("oldObject", epoch) },
          { name: "heldRevision", expression: number("oldObject", revision) },
          {
            name: "same",
            expression: "variables.epoch == variables.heldEpoch && variables.revision == variables.heldRevision",
          },
        ],
        validations: [
          {
            expression:
              "variables.epoch > variables.heldEpoch || (variables.epoch == variables.heldEpoch && variables.revision > variables.heldRevision) || (variables.same && object.spec == oldObject.spec)",
            messageExpression:
              "'stale-epoch: epoch ' + string(variables.epoch) + ' revision ' + string(variables.revision) + ' does not come after epoch ' + string(variables.heldEpoch) + ' revision ' + string(variables.heldRevision) + ', which the route holds'",
            reason: "Invalid",
          },
        ],
      },
    },
    options,
  );
  const spec = { policyName: policy, validationActions: ["Deny"] };
  return new ValidatingAdmissionPolicyBinding(`${name}-fence`, { metadata, spec }, { ...options, dependsOn: [fence] });
}
