import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  type GetRootResourceRequest,
  GetRootResourceResponse,
  type LogRequest,
  LogSeverity,
  type RequirePulumiVersionRequest,
  RequirePulumiVersionResponse,
  type SetRootResourceRequest,
  SetRootResourceResponse,
} from "@pulumi/pulumi/proto/engine_pb";
import { CheckFailure } from "@pulumi/pulumi/proto/provider_pb";
import {
  DeploymentInfo,
  ResourceMonitorFeature as Feature,
  type ReadResourceRequest,
  ReadResourceResponse,
  type RegisterResourceOutputsRequest,
  type RegisterResourceRequest,
  RegisterResourceResponse,
  type ResourceInvokeRequest,
  ResourceInvokeResponse,
  Result,
  type SupportsFeatureRequest,
  SupportsFeatureResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { SemVer, satisfies } from "semver";
import { notSupported } from "../failure";
import { engineVersion } from "../state/checkpoint";
import type { PropertyMap, ResourceState, Urn } from "../state/types";
import { unwrapSecrets } from "../state/values";
import type { Events } from "./events";
import { type Goal, goalOf, received, structOf } from "./goal";
import { method } from "./monitor";
import type { Ending } from "./program";
import type { Providers } from "./providers";
import type { Registrations } from "./registrations";
import type { DeploymentRequest } from "./request";

/** Also those that are refused: where one is missing, the SDK asks people to update their Pulumi CLI. */
const features: Record<string, Feature> = {
  secrets: Feature.RESOURCE_MONITOR_FEATURE_SECRETS,
  resourceReferences: Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  outputValues: Feature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  aliasSpecs: Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  deletedWith: Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  replaceWith: Feature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  transforms: Feature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  invokeTransforms: Feature.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
  parameterization: Feature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
  resourceHooks: Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
  errorHooks: Feature.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
};

export interface ServiceOptions {
  request: DeploymentRequest;
  registrations: Registrations;
  providers: Providers;
  events: Events;
  ending: Ending;
  /** What is registered by now. */
  find: (urn: Urn) => ResourceState | undefined;
  /** The program is finished: everything that is left to do is done inside this call. */
  finish: () => Promise<void>;
}

const struct = (values: PropertyMap): Struct => Struct.fromJavaScript(values);

export function monitorService(options: ServiceOptions): UntypedServiceImplementation {
  const { request, registrations, ending, finish } = options;
  const refuse = (what: string) =>
    method(() => {
      const error = notSupported(what);
      registrations.fail(error.message);
      throw error;
    });
  return {
    getDeploymentInfo: method(() => {
      const info = new DeploymentInfo();
      info.setProject(request.project);
      info.setStack(request.stack);
      info.setOrganization(request.organization);
      info.setDryrun(request.dryRun);
      info.setParallel(request.options.parallel);
      info.setSupportedfeaturesList(Object.values(features));
      return info;
    }),
    supportsFeature: method((asked: SupportsFeatureRequest) => {
      const answer = new SupportsFeatureResponse();
      answer.setHassupport(Object.hasOwn(features, asked.getId()));
      return answer;
    }),
    registerResource: method((asked: RegisterResourceRequest) => registerResource(asked, options)),
    registerResourceOutputs: method(async (asked: RegisterResourceOutputsRequest) => {
      // A program that is being ended says outputs that it did not compute.
      if (!ending.begun) {
        await ending.unless(
          registrations.complete(asked.getUrn(), await received(structOf(asked.getOutputs()), request.workDir)),
        );
      }
      return new Empty();
    }),
    readResource: method((asked: ReadResourceRequest) => readResource(asked, options)),
    invoke: method((asked: ResourceInvokeRequest) => invoke(asked, options)),
    signalAndWaitForShutdown: method(async () => {
      await finish();
      return new Empty();
    }),
    call: refuse("a method of a remote component (Call)"),
    existsResource: refuse("ExistsResource"),
    registerStackTransform: refuse("a stack transform"),
    registerStackInvokeTransform: refuse("a stack invoke transform"),
    registerResourceHook: refuse("a resource hook"),
    registerErrorHook: refuse("an error hook"),
    registerPackage: refuse("a parameterized package"),
  };
}

async function registerResource(
  asked: RegisterResourceRequest,
  { request, registrations, ending }: ServiceOptions,
): Promise<RegisterResourceResponse> {
  const response = new RegisterResourceResponse();
  const state = await ending.unless(
    registrations.attempt(async () => {
      const goal = await goalOf(asked, request.workDir);
      return registrations.register(goal, { version: asked.getVersion(), url: asked.getPlugindownloadurl() });
    }),
  );
  if (state === undefined) {
    // An answer, and not an error: the program's outputs fail with it, and so the program ends.
    response.setResult(Result.FAIL);
    return response;
  }
  response.setUrn(state.urn);
  response.setId(state.id ?? "");
  // A component's outputs are what its own code says they are.
  response.setObject(struct(state.custom ? (state.outputs ?? {}) : {}));
  return response;
}

async function readResource(
  asked: ReadResourceRequest,
  { request, registrations, ending }: ServiceOptions,
): Promise<ReadResourceResponse> {
  const state = await ending.unless(
    registrations.attempt(async () => {
      if (asked.getPackageref() !== "") throw notSupported("a parameterized package");
      const goal: Goal = {
        type: asked.getType(),
        name: asked.getName(),
        custom: true,
        parent: asked.getParent(),
        inputs: await received(structOf(asked.getProperties()), request.workDir),
        dependencies: asked.getDependenciesList(),
        propertyDependencies: undefined,
        provider: asked.getProvider() || undefined,
        providers: {},
        ignoreChanges: [],
        replaceOnChanges: [],
        additionalSecretOutputs: asked.getAdditionalsecretoutputsList(),
        aliases: [],
        readId: asked.getId(),
      };
      return registrations.register(goal, { version: asked.getVersion(), url: asked.getPlugindownloadurl() });
    }),
  );
  if (state === undefined) throw new Error("the deployment was stopped");
  const response = new ReadResourceResponse();
  response.setUrn(state.urn);
  response.setProperties(struct(state.outputs ?? {}));
  return response;
}

async function invoke(
  asked: ResourceInvokeRequest,
  { request, registrations, providers, ending, find }: ServiceOptions,
): Promise<ResourceInvokeResponse> {
  const token = asked.getTok();
  const args = unwrapSecrets(await received(structOf(asked.getArgs()), request.workDir)) as PropertyMap;
  const response = new ResourceInvokeResponse();
  if (token === "pulumi:pulumi:getResource") {
    const { urn } = args;
    const state = find(String(urn));
    if (state === undefined) throw new Error(`unknown resource ${String(urn)}`);
    response.setReturn(struct({ urn: state.urn, id: state.id ?? "", state: state.outputs ?? {} }));
    return response;
  }
  const answer = await ending.unless(
    registrations.attempt(async () => {
      if (asked.getPackageref() !== "") throw notSupported("a parameterized package");
      const version = asked.getVersion();
      const reference =
        asked.getProvider() || (await registrations.providerFor(token, { version, url: asked.getPlugindownloadurl() }));
      return providers.load(reference);
    }),
  );
  if (answer === undefined) throw new Error("the deployment was stopped");
  const { outputs, failures } = await answer.invoke(token, args);
  response.setReturn(struct(outputs));
  response.setFailuresList(
    failures.map(({ property = "", reason }) => {
      const failure = new CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

const severities = {
  [LogSeverity.INFO]: "info",
  [LogSeverity.WARNING]: "warning",
  [LogSeverity.ERROR]: "error",
} as const;

export function engineService({ events, ending, registrations }: ServiceOptions): UntypedServiceImplementation {
  let root = "";
  return {
    log: method((entry: LogRequest) => {
      const severity = entry.getSeverity();
      // Debug messages hold secrets in plain text. Errors of a program that is being ended are echoes of the first one.
      if (severity === LogSeverity.DEBUG || (ending.begun && severity === LogSeverity.ERROR)) return new Empty();
      if (severity === LogSeverity.ERROR) registrations.fail(entry.getMessage(), entry.getUrn() || undefined);
      else events.diagnostic(severities[severity], entry.getMessage(), entry.getUrn() || undefined);
      return new Empty();
    }),
    setRootResource: method((asked: SetRootResourceRequest) => {
      root = asked.getUrn();
      return new SetRootResourceResponse();
    }),
    getRootResource: method((_: GetRootResourceRequest) => {
      const answer = new GetRootResourceResponse();
      answer.setUrn(root);
      return answer;
    }),
    requirePulumiVersion: method((asked: RequirePulumiVersionRequest) => {
      const range = asked.getPulumiVersionRange();
      if (!satisfies(new SemVer(engineVersion), range)) {
        throw new Error(
          `Pulumi CLI version ${engineVersion} does not satisfy the version range ${JSON.stringify(range)}`,
        );
      }
      return new RequirePulumiVersionResponse();
    }),
    startDebugging: method(() => new Empty()),
  };
}
