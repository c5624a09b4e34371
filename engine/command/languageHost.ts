import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { type RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";
import type { Project } from "../config";
import { EngineFailure, notSupported } from "../failure";
import type { Output } from "./context";

/** The SDK's runner ends with this code where the program's errors were already logged to the engine. */
const loggedAlready = 32;

interface HostOptions {
  project: Project;
  output: Output;
  env: Record<string, string>;
}

/**
 * Runs the project's own program in a Node process, for stacks without an inline program. To the deployment it is the same
 * language server that the SDK offers for an inline one.
 */
export class LanguageHost {
  readonly address: string;
  readonly #server: Server;
  readonly #programs: Set<ChildProcess>;

  private constructor(server: Server, port: number, programs: Set<ChildProcess>) {
    this.#server = server;
    this.#programs = programs;
    this.address = `127.0.0.1:${port}`;
  }

  /** @throws EngineFailure where the program is not one for Node, or the SDK is not installed beside it. */
  static async start(options: HostOptions): Promise<LanguageHost> {
    const { project } = options;
    if (project.runtime !== "nodejs") throw notSupported(`the runtime '${project.runtime}' of ${project.file}`);
    const runner = runnerOf(project);
    const programs = new Set<ChildProcess>();
    const run: handleUnaryCall<RunRequest, RunResponse> = (call, callback) => {
      const child = startProgram(runner, call.request, options);
      programs.add(child);
      let failed: Error | undefined;
      child.once("error", (error) => {
        failed = error;
      });
      child.once("close", (code) => {
        programs.delete(child);
        const response = new RunResponse();
        if (code === loggedAlready) response.setBail(true);
        else if (code !== 0) response.setError(failed?.message ?? `Program exited with non-zero exit code: ${code}`);
        callback(null, response);
      });
    };
    const server = new Server();
    // Only `run` is ever called by this engine's deployments.
    server.addService({ run: LanguageRuntimeService.run }, { run });
    const port = await new Promise<number>((done, fail) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? done(bound) : fail(error),
      );
    });
    return new LanguageHost(server, port, programs);
  }

  stop(): void {
    for (const program of this.#programs) program.kill("SIGTERM");
    this.#server.forceShutdown();
  }
}

function runnerOf(project: Project): string {
  try {
    return createRequire(join(project.folder, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  } catch (thrown) {
    throw new EngineFailure(`the Pulumi SDK is not installed in ${project.folder}; run npm install there`, 1, thrown);
  }
}

function startProgram(runner: string, request: RunRequest, { project, output, env }: HostOptions): ChildProcess {
  const entry = resolve(project.folder, project.main ?? ".");
  const isFolder = existsSync(entry) && statSync(entry).isDirectory();
  const folder = isFolder ? entry : dirname(entry);
  const engine = request.getArgsList()[0] ?? request.getMonitorAddress();
  const args = [
    ...[runner, "--monitor", request.getMonitorAddress(), "--engine", engine],
    ...["--organization", request.getOrganization(), "--project", request.getProject(), "--stack", request.getStack()],
    ...["--root-directory", project.folder, "--pwd", folder, "--parallel", String(request.getParallel())],
    ...(request.getDryrun() ? ["--dry-run"] : []),
    isFolder ? "." : entry,
  ];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: {
      ...process.env,
      ...env,
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().getEntryList())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.on("data", (chunk: Buffer) => output.out(chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => output.error(chunk.toString()));
  return child;
}
