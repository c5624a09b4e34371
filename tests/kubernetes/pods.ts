/** What a node would do, by hand: there is none in the tests' cluster. */
import type { PodObject } from "../../kubernetes/conditions";
import { edit, objects, patch, until } from "./support";

/** The pods of a Deployment that runs `replicas`, when the cluster's controllers have made them. */
export function podsOf(namespace: string, selector: string, replicas: number): Promise<PodObject[]> {
  const of = { apiVersion: "v1", kind: "Pod", namespace };
  return until(
    async () =>
      (await objects().list<PodObject>(of, selector)).filter(
        ({ metadata }) => metadata.deletionTimestamp === undefined,
      ),
    (pods) => pods.length === replicas,
  );
}

const node = "test-node";

/** `address`: in no loopback network, which EndpointSlices refuse; nor do they have pods of no node. */
export async function makeReady({ metadata, spec }: PodObject, address: string): Promise<void> {
  if (spec?.nodeName === undefined) await bind(metadata);
  const now = new Date().toISOString();
  await status(metadata, {
    phase: "Running",
    ...{ podIP: address, podIPs: [{ ip: address }] },
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }],
    containerStatuses: [container({ running: { startedAt: now } }, { ready: true })],
  });
}

async function bind({ namespace, name }: PodObject["metadata"]): Promise<void> {
  await edit({ apiVersion: "v1", kind: "Node", metadata: { name: node } });
  const target = { apiVersion: "v1", kind: "Node", name: node };
  const body = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace }, target };
  await objects().server.call({ method: "POST", path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`, body });
}

/** A pod on a node goes only when the node says that it has ended. */
export async function endPods(namespace: string): Promise<void> {
  const query = { gracePeriodSeconds: "0" };
  await objects().server.call({ method: "DELETE", path: `/api/v1/namespaces/${namespace}/pods`, query });
}

/** The container of the pod is in this state. */
export const makeWait = ({ metadata }: PodObject, reason: string, message: string, more: object = {}) =>
  status(metadata, { phase: "Pending", containerStatuses: [container({ waiting: { reason, message } }, more)] });

const container = (state: object, more: object) => ({
  ...{ name: "service", image: "i", imageID: "", ready: false, restartCount: 0, state },
  ...more,
});

async function status({ namespace, name }: PodObject["metadata"], body: object): Promise<void> {
  await patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { status: body });
}
