/** Looks at everything an environment stands on. It changes nothing. */
import { defaultPlatform, type EnvironmentName } from "../../config/environment";
import type { Context } from "../context";
import type { Finding } from "./finding";
import { cloudCredentials, disk, git, haproxy, kubernetes, node } from "./machine";
import { freePorts, loadBalancerAnswers } from "./ports";
import { config, engine, passphrase, platform, records, state } from "./project";
import { running } from "./running";

export type { Finding } from "./finding";

export async function examine(context: Context, environment: EnvironmentName): Promise<Finding[]> {
  const { projectDir } = context;
  const read = config(projectDir, environment);
  const findings = [node(), await git(), await disk(projectDir), read.finding];
  const chosen = read.config?.platform ?? defaultPlatform[environment];
  const usual = chosen === "local" ? "embedded" : "cli";
  const there = await platform(chosen, environment);
  findings.push(there, await engine(context.engine ?? read.config?.engine ?? usual));
  findings.push(state(projectDir), passphrase(projectDir), records(projectDir));
  if (read.config !== undefined && there.verdict === "ok") {
    const { findings: seen, up } = await running(context, environment);
    findings.push(...seen);
    if (up === true) findings.push(await loadBalancerAnswers(read.config, environment));
    if (up === false) findings.push(await freePorts(read.config));
  }
  findings.push(await haproxy(read.config?.loadBalancer.kind === "haproxy"), await kubernetes(chosen));
  findings.push(cloudCredentials(chosen));
  return findings;
}
