import type * as pulumi from "@pulumi/pulumi/provider";
import { SwitchyardError } from "../../config/errors";
import { equal, hasUnknown, unwrap, type Values } from "../../config/wire";
import {
  ApiServer,
  clusterAccess,
  type KubernetesObject,
  nameOf,
  Objects,
  type Reference,
  referenceOf,
} from "../client";
import { applyObject, immutableFields } from "./apply";
import { drifted } from "./drift";
import {
  annotations,
  autoName,
  describe,
  idOf,
  isObject,
  lastInputs,
  managerOf,
  objectOf,
  outputsOf,
  referenceBy,
} from "./object";
import { whenGone, whenReady } from "./ready";

export const packageName = "kubernetes";

/** An object that is in the cluster and did not get ready; engines keep it in their state. */
class NotReady extends SwitchyardError {
  readonly id: string;
  readonly properties: Values;
  reasons: string[];

  constructor(cause: SwitchyardError, id: string, properties: Values) {
    super(cause.code, cause.message, { next: cause.next, facts: cause.facts, cause });
    this.id = id;
    this.properties = properties;
    this.reasons = [cause.message];
  }
}

/** Engines show the message alone, so it says everything. */
async function explained<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    const end = error.message.endsWith(".") ? "" : ".";
    error.message = `${error.code}: ${error.message}${end} ${error.next}`;
    if (error instanceof NotReady) error.reasons = [error.message];
    throw error;
  }
}

export class KubernetesProvider implements pulumi.Provider {
  readonly version = "0.1.0";
  readonly #config: Values;
  #objects: Objects | undefined;

  /** @param config of the provider's resource: `context`, and `kubeconfig` (a file or its text) where it is not kubectl's own. */
  constructor(config: Record<string, unknown>) {
    this.#config = config;
  }

  /** Reads the kubeconfig when something is first asked of the cluster. */
  get #cluster(): Objects {
    this.#objects ??= new Objects(new ApiServer(clusterAccess(sourceOf(this.#config))));
    return this.#objects;
  }

  check(urn: string, olds: Values, news: Values): Promise<pulumi.CheckResult> {
    return explained(async () => {
      const { apiVersion, kind } = news;
      if (typeof apiVersion !== "string" || typeof kind !== "string") {
        const reason = "the embedded provider knows only types that are one object of the cluster";
        return { inputs: news, failures: [{ property: "kind", reason }] };
      }
      const metadata = unwrap(news.metadata ?? {});
      if (!isObject(metadata) || hasUnknown(metadata.name) || hasUnknown(metadata.namespace)) return { inputs: news };
      if (isObject(metadata.annotations) && metadata.annotations["pulumi.com/waitFor"] !== undefined) {
        return {
          inputs: news,
          failures: [{ property: "metadata", reason: "the embedded provider does not do pulumi.com/waitFor" }],
        };
      }
      return { inputs: { ...news, metadata: await this.#placed(urn, olds, { ...news, apiVersion, kind }) } };
    });
  }

  /** With a name, which it keeps, and a namespace where the kind is in one. */
  async #placed(urn: string, olds: Values, news: Values & { apiVersion: string; kind: string }): Promise<Values> {
    const given = (news.metadata ?? {}) as Values;
    const last = unwrap(olds.metadata ?? {}) as Values;
    const lastAnnotations = isObject(last.annotations) ? last.annotations : {};
    const metadata = { ...given };
    if (metadata.name === undefined && metadata.generateName === undefined) {
      const wasAutomatic = lastAnnotations[annotations.autonamed] === "true";
      metadata.name = wasAutomatic ? last.name : autoName(urn);
      metadata.annotations = { ...(given.annotations as Values | undefined), [annotations.autonamed]: "true" };
    }
    const kind = await this.#cluster.kind(news);
    if (metadata.namespace === undefined && kind?.namespaced) metadata.namespace = this.#cluster.server.namespace;
    return metadata;
  }

  diff(_id: string, urn: string, olds: Values, news: Values): Promise<pulumi.DiffResult> {
    return explained(async () => {
      const last = lastInputs(olds);
      const keys = [...new Set([...Object.keys(last), ...Object.keys(news)])];
      const changed = keys.filter(
        (key) => hasUnknown(unwrap(news[key])) || !equal(unwrap(last[key]), unwrap(news[key])),
      );
      if (changed.length === 0) return { changes: false };
      if (hasUnknown(unwrap(news))) return { changes: true };
      const [was, is] = [objectOf(last), objectOf(news)];
      if (isAnother(was, is)) return { changes: true, replaces: changed, deleteBeforeReplace: false };
      const replaces = await immutableFields(is, { objects: this.#cluster, fieldManager: managerOf(urn, olds) });
      // two objects cannot have one name
      return {
        changes: true,
        replaces,
        deleteBeforeReplace: replaces.length > 0 && was.metadata.name === is.metadata.name,
      };
    });
  }

  create(urn: string, inputs: Values): Promise<pulumi.CreateResult> {
    return explained(async () => {
      const object = objectOf(inputs);
      const fieldManager = managerOf(urn, {});
      await this.#makeRoom(object, fieldManager);
      const outs = await this.#put(object, inputs, fieldManager);
      return { id: idOf(object), outs };
    });
  }

  update(_id: string, urn: string, olds: Values, news: Values): Promise<pulumi.UpdateResult> {
    return explained(async () => ({ outs: await this.#put(objectOf(news), news, managerOf(urn, olds)) }));
  }

  read(id: string, urn: string, outputs: Values): Promise<pulumi.ReadResult> {
    return explained(async () => {
      const live = await this.#live(referenceBy(urn, id, outputs));
      if (live === undefined) return { id: "", props: {} };
      const fieldManager = managerOf(urn, outputs);
      const inputs = lastInputs(outputs);
      if (Object.keys(inputs).length === 0)
        return { id, props: outputsOf(live, imported(live), fieldManager), inputs: imported(live) };
      const now = inputsNow(inputs, live, fieldManager);
      return { id, props: outputsOf(live, now, fieldManager), inputs: now };
    });
  }

  delete(id: string, urn: string, outputs: Values): Promise<void> {
    return explained(async () => {
      const reference = referenceBy(urn, id, outputs);
      const live = await this.#live(reference);
      const { uid } = (unwrap(outputs.metadata ?? {}) as KubernetesObject["metadata"]) ?? {};
      // Another object of the same name is somebody else's.
      if (live === undefined || (uid !== undefined && live.metadata.uid !== uid)) return;
      await this.#cluster.delete(reference, live.metadata.uid);
      await whenGone(this.#cluster, live);
    });
  }

  /** Undefined: it is gone, as are all objects of a kind that is gone. */
  async #live(reference: Reference): Promise<KubernetesObject | undefined> {
    const kind = await this.#cluster.kind(reference);
    return kind === undefined ? undefined : await this.#cluster.get(reference);
  }

  async #put(object: KubernetesObject, inputs: Values, fieldManager: string): Promise<Values> {
    const applied = await applyObject(object, { objects: this.#cluster, fieldManager });
    try {
      return outputsOf(await whenReady(this.#cluster, applied), inputs, fieldManager);
    } catch (error) {
      if (!(error instanceof SwitchyardError) || error.code !== "not-ready") throw error;
      const live = (await this.#cluster.get(referenceOf(object))) ?? applied;
      throw new NotReady(error, idOf(object), outputsOf(live, inputs, fieldManager));
    }
  }

  /** An object that is there already is taken over only where this very resource made it. */
  async #makeRoom(object: KubernetesObject, fieldManager: string): Promise<void> {
    const live = await this.#cluster.get(referenceOf(object));
    if (live === undefined) return;
    const { deletionTimestamp, managedFields = [] } = live.metadata;
    if (deletionTimestamp !== undefined)
      return await whenGone(this.#cluster, { ...live, metadata: { ...object.metadata, uid: live.metadata.uid ?? "" } });
    if (managedFields.some(({ manager, operation }) => manager === fieldManager && operation === "Apply")) return;
    const owners = [...new Set(managedFields.map(({ manager = "somebody" }) => manager))].join(", ") || "somebody";
    throw new SwitchyardError("cluster-refused", `${describe(object)} is there already, made by ${owners}`, {
      next: "Give yours another name, delete that one, or bring it into the stack with `pulumi import`.",
      facts: { object: nameOf(referenceOf(object)), owners },
    });
  }
}

/** Inputs as the cluster has them by now; where nothing of ours was changed, they stay as they are, secrets sealed. */
function inputsNow(inputs: Values, live: KubernetesObject, fieldManager: string): Values {
  const { stringData, ...wanted } = objectOf(inputs) as KubernetesObject & { stringData?: Record<string, string> };
  // the server keeps it encoded, as `data`
  const encoded = Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const data = { ...(wanted.data as Values | undefined), ...Object.fromEntries(encoded) };
  const sent = stringData === undefined ? wanted : { ...wanted, data };
  const now = drifted(sent, live, fieldManager);
  if (equal(now, sent)) return inputs;
  const changed = Object.keys({ ...now, ...sent }).filter((key) => !equal(now[key], (sent as Values)[key]));
  const kept = Object.fromEntries(Object.entries(inputs).filter(([key]) => !changed.includes(key)));
  const differing = Object.fromEntries(changed.filter((key) => now[key] !== undefined).map((key) => [key, now[key]]));
  if (stringData !== undefined && changed.includes("data")) delete kept.stringData;
  return { ...kept, ...differing };
}

/** Of an object that no program described yet: what a person would write. */
function imported({ apiVersion, kind, metadata, status: _, ...rest }: KubernetesObject): Values {
  const { name, namespace, labels, annotations: notes } = metadata;
  return { apiVersion, kind, metadata: withoutUndefined({ name, namespace, labels, annotations: notes }), ...rest };
}

const withoutUndefined = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Another kind, name or namespace is another object. A newer version of the same kind is not. */
function isAnother(was: KubernetesObject, is: KubernetesObject): boolean {
  const group = ({ apiVersion }: KubernetesObject) => (apiVersion.includes("/") ? apiVersion.split("/")[0] : "");
  const place = (object: KubernetesObject) => [
    group(object),
    object.kind,
    object.metadata.name,
    object.metadata.namespace,
  ];
  return !equal(place(was), place(is));
}

function sourceOf(config: Values): { context: string; kubeconfig?: string } {
  const { context, kubeconfig } = config;
  if (typeof context !== "string" || context === "") {
    throw new SwitchyardError("cluster-context", "The Kubernetes provider was given no context.", {
      next: "Name one in the provider's resource, or with `pulumi config set kubernetes:context`: the current one is never taken.",
    });
  }
  return { context, ...(typeof kubeconfig === "string" && kubeconfig !== "" && { kubeconfig }) };
}
