import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  type CheckFailure,
  CheckRequest,
  type CheckResponse,
  ConfigureRequest,
  type ConfigureResponse,
  CreateRequest,
  type CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  ErrorResourceInitFailed,
  InvokeRequest,
  type InvokeResponse,
  ReadRequest,
  type ReadResponse,
  UpdateRequest,
  type UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { CleanFailure, PartialFailure, type Provider, type ProviderSource } from "../deployment";
import { EngineFailure } from "../failure";
import type { PropertyMap } from "../state/types";

const largestMessage = 400 * 1024 * 1024;

/**
 * The providers of `others`, and for packages that it has none for those that run already, as in PULUMI_DEBUG_PROVIDERS:
 * `pkg:port,other:port`.
 * @throws EngineFailure for text of another form.
 */
export function attachedProviders(
  setting: string | undefined,
  others: ProviderSource,
): ProviderSource & { close(): void } {
  const ports = new Map<string, number>();
  for (const part of (setting ?? "").split(",").filter((text) => text !== "")) {
    const [pkg = "", port = ""] = part.split(":");
    if (pkg === "" || !/^\d+$/.test(port)) {
      throw new EngineFailure(`PULUMI_DEBUG_PROVIDERS: expected 'package:port', got '${part}'`);
    }
    ports.set(pkg, Number(port));
  }
  const attached = new Map<string, Promise<Provider>>();
  const clients: ResourceProviderClient[] = [];
  return {
    async get(pkg, version, config) {
      const given = await others.get(pkg, version, config);
      const port = ports.get(pkg);
      if (given !== undefined || port === undefined) return given;
      const known = attached.get(pkg);
      if (known !== undefined) return known;
      const client = clientOf(port);
      clients.push(client);
      const provider = attach(client);
      attached.set(pkg, provider);
      return provider;
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}

/** A unary call as a promise. */
const call = <Response>(
  send: (answer: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    send((error, response) => (error ? reject(failureOf(error)) : resolve(response)));
  });

/** After these nobody knows what was done. */
const uncertain = new Set([status.UNKNOWN, status.INTERNAL, status.DATA_LOSS, status.UNAVAILABLE, status.CANCELLED]);

function failureOf(error: ServiceError): Error {
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (details instanceof Buffer) {
    for (const any of Status.deserializeBinary(details).getDetailsList()) {
      const detail = any.unpack(ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
      if (detail === null) continue;
      return new PartialFailure(
        error.details,
        detail.getId(),
        valuesOf(detail.getProperties()),
        detail.getReasonsList(),
      );
    }
  }
  return uncertain.has(error.code) ? new Error(error.details) : new CleanFailure(error.details);
}

const struct = (values: PropertyMap): Struct => Struct.fromJavaScript(values);
const valuesOf = (values: Struct | undefined): PropertyMap => (values?.toJavaScript() ?? {}) as PropertyMap;
const failuresOf = (failures: CheckFailure[]) =>
  failures.map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));

const clientOf = (port: number): ResourceProviderClient =>
  new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": largestMessage,
    "grpc.max_send_message_length": largestMessage,
  });

async function attach(client: ResourceProviderClient): Promise<Provider> {
  const configure = new ConfigureRequest();
  configure.setAcceptsecrets(true);
  configure.setAcceptresources(true);
  configure.setSendsOldInputs(true);
  configure.setSendsOldInputsToDelete(true);
  const configured = await call<ConfigureResponse>((answer) => client.configure(configure, answer));
  if (!configured.getAcceptsecrets()) {
    throw new EngineFailure("a provider that does not accept secrets cannot be attached to the embedded engine");
  }
  return adapt(client);
}

function adapt(client: ResourceProviderClient): Provider {
  return {
    async check(urn, olds, news) {
      const request = new CheckRequest().setUrn(urn).setOlds(struct(olds)).setNews(struct(news));
      const response = await call<CheckResponse>((answer) => client.check(request, answer));
      return { inputs: valuesOf(response.getInputs()), failures: failuresOf(response.getFailuresList()) };
    },
    async diff(id, urn, oldOutputs, news, oldInputs) {
      const request = new DiffRequest().setId(id).setUrn(urn).setOlds(struct(oldOutputs)).setNews(struct(news));
      const response = await call<DiffResponse>((answer) =>
        client.diff(request.setOldInputs(struct(oldInputs)), answer),
      );
      const changes = response.getChanges();
      return {
        changes:
          changes === DiffResponse.DiffChanges.DIFF_UNKNOWN
            ? undefined
            : changes === DiffResponse.DiffChanges.DIFF_SOME,
        replaces: response.getReplacesList(),
        deleteBeforeReplace: response.getDeletebeforereplace(),
      };
    },
    async create(urn, inputs, timeoutSeconds) {
      const request = new CreateRequest().setUrn(urn).setProperties(struct(inputs)).setTimeout(timeoutSeconds);
      const response = await call<CreateResponse>((answer) => client.create(request, answer));
      return { id: response.getId(), outputs: valuesOf(response.getProperties()) };
    },
    async update(id, urn, oldOutputs, news, timeoutSeconds, oldInputs) {
      const request = new UpdateRequest().setId(id).setUrn(urn).setOlds(struct(oldOutputs)).setNews(struct(news));
      request.setTimeout(timeoutSeconds).setOldInputs(struct(oldInputs));
      const response = await call<UpdateResponse>((answer) => client.update(request, answer));
      return { outputs: valuesOf(response.getProperties()) };
    },
    async read(id, urn, outputs, inputs) {
      const request = new ReadRequest().setId(id).setUrn(urn).setProperties(struct(outputs)).setInputs(struct(inputs));
      const response = await call<ReadResponse>((answer) => client.read(request, answer));
      const read = response.getInputs();
      return {
        id: response.getId(),
        outputs: valuesOf(response.getProperties()),
        ...(read && { inputs: valuesOf(read) }),
      };
    },
    async delete(id, urn, outputs, timeoutSeconds, inputs) {
      const request = new DeleteRequest().setId(id).setUrn(urn).setProperties(struct(outputs));
      request.setTimeout(timeoutSeconds).setOldInputs(struct(inputs));
      await call<Empty>((answer) => client.delete(request, answer));
    },
    async invoke(token, args) {
      const request = new InvokeRequest().setTok(token).setArgs(struct(args));
      const response = await call<InvokeResponse>((answer) => client.invoke(request, answer));
      return { outputs: valuesOf(response.getReturn()), failures: failuresOf(response.getFailuresList()) };
    },
  };
}
