/** Any kind of object, by the names that the API server itself gives. */
import { SwitchyardError } from "../../config/errors";
import { isMissing } from "./failure";
import { type ApiServer, applyType } from "./http";

export interface ObjectMeta {
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { uid: string; controller?: boolean }[];
  finalizers?: string[];
  managedFields?: ManagedFields[];
}
export interface ManagedFields {
  manager?: string;
  operation?: "Apply" | "Update";
  subresource?: string;
  fieldsV1?: Record<string, unknown>;
}

/** An object as the API server gives it: what is below depends on its kind. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** Which object. */
export interface Reference {
  apiVersion: string;
  kind: string;
  name: string;
  /** Undefined: of a kind that is in no namespace, or in the context's own. */
  namespace?: string;
}

interface Kind {
  /** `deployments` */
  plural: string;
  namespaced: boolean;
}

export interface ApplyOptions {
  fieldManager: string;
  /** Takes fields over from other managers. */
  force?: boolean;
  dryRun?: boolean;
}

export class Objects {
  readonly server: ApiServer;
  readonly #kinds = new Map<string, Promise<Map<string, Kind>>>();

  constructor(server: ApiServer) {
    this.server = server;
  }

  /** Undefined: the cluster has no such kind. */
  async kind({ apiVersion, kind }: Pick<Reference, "apiVersion" | "kind">): Promise<Kind | undefined> {
    const known = this.#kinds.get(apiVersion) ?? this.#discover(apiVersion);
    this.#kinds.set(apiVersion, known);
    const found = (await known.catch(() => this.#discover(apiVersion))).get(kind);
    // custom kinds may come at any time
    if (found === undefined) this.#kinds.delete(apiVersion);
    return found;
  }

  /** Undefined: it is not there. */
  async get<T extends KubernetesObject>(reference: Reference): Promise<T | undefined> {
    try {
      return await this.server.call<T>({ method: "GET", path: await this.#path(reference) });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** By a label selector such as `a=b,c=d`. */
  async list<T>(of: Omit<Reference, "name">, labelSelector: string, fieldSelector = ""): Promise<T[]> {
    const query = { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
    const path = await this.#path({ ...of, name: "" });
    return (await this.server.call<{ items: T[] }>({ method: "GET", path, query })).items;
  }

  /** Server-side apply. Fields that the kind has not are refused. */
  async apply<T extends KubernetesObject>(object: KubernetesObject, options: ApplyOptions): Promise<T> {
    const { fieldManager, force = false, dryRun = false } = options;
    return await this.server.call<T>({
      method: "PATCH",
      path: await this.#path(referenceOf(object)),
      query: { fieldManager, force: String(force), fieldValidation: "Strict", ...(dryRun && { dryRun: "All" }) },
      contentType: applyType,
      body: object,
    });
  }

  /** Asks for it to go; it may take its time. Only this very object, where `uid` is given: another of the same name stays. */
  async delete(reference: Reference, uid: string | undefined): Promise<void> {
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", ...preconditions };
    try {
      await this.server.call({ method: "DELETE", path: await this.#path(reference), body });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async #path(reference: Reference): Promise<string> {
    const { apiVersion, kind, name, namespace } = reference;
    const found = await this.kind(reference);
    if (found === undefined) {
      throw new SwitchyardError(
        "cluster-lacks",
        `The cluster of context ${this.server.context} has no kind ${kind} in ${apiVersion}.`,
        { facts: { apiVersion, kind } },
      );
    }
    const within = found.namespaced ? `/namespaces/${encodeURIComponent(namespace ?? this.server.namespace)}` : "";
    return `${rootOf(apiVersion)}${within}/${found.plural}${name === "" ? "" : `/${encodeURIComponent(name)}`}`;
  }

  async #discover(apiVersion: string): Promise<Map<string, Kind>> {
    try {
      const { resources } = await this.server.call<{
        resources: { name: string; kind: string; namespaced: boolean }[];
      }>({
        method: "GET",
        path: rootOf(apiVersion),
      });
      // `deployments/scale` is no kind of its own
      const own = resources.filter(({ name }) => !name.includes("/"));
      return new Map(own.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]));
    } catch (error) {
      if (isMissing(error)) return new Map();
      throw error;
    }
  }
}

const rootOf = (apiVersion: string) => (apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

export function referenceOf({ apiVersion, kind, metadata }: KubernetesObject): Reference {
  const { name = "", namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

/** `Deployment staging-search/slot-1` */
export const nameOf = ({ kind, name, namespace }: Reference): string =>
  `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
