/** What the machine has, whatever the environment. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { PlatformName } from "../../config/environment";
import { type Finding, missing, note, ok, warn } from "./finding";
import { ask } from "./tool";

const littleRoomMb = 1024;
const noRoomMb = 100;

/** Never too old: bin/switchyard.js hands over to the Node that `npm ci` brings, or says that there is none. */
export const node = (): Finding => ok("node", `${process.versions.node}, ${process.execPath}`);

export async function git(): Promise<Finding> {
  const version = await ask("git", "--version");
  return version === undefined
    ? missing("git", "not on PATH", "Install git: a version is a git ref.")
    : ok("git", version.replace(/^git version /, ""));
}

export async function disk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / 1024 ** 2);
  const found = `${freeMb >= 10_240 ? `${Math.floor(freeMb / 1024)} GB` : `${freeMb} MB`} free`;
  if (freeMb < noRoomMb) return missing("disk", found, "Free some room: state and builds need it.");
  return freeMb < littleRoomMb ? warn("disk", found, "Free some room before it is too late.") : ok("disk", found);
}

export async function haproxy(needed: boolean): Promise<Finding> {
  const version = await ask("haproxy", "-v");
  if (version !== undefined) return ok("haproxy", version.split(" - ")[0] ?? version);
  return needed
    ? missing("haproxy", "not on PATH", "Install it, or set `switchyard:loadBalancer.kind` to embedded.")
    : note("haproxy", "not on PATH; the embedded load balancer needs none");
}

export async function kubernetes(platform: PlatformName): Promise<Finding> {
  const version = await ask("kubectl", "version", "--client");
  const file = process.env.KUBECONFIG ?? join(homedir(), ".kube", "config");
  const config = existsSync(file) ? file : undefined;
  const found = `${version?.replace(/^Client Version: /, "kubectl ") ?? "no kubectl on PATH"}, ${config ? `config ${config}` : "no kubeconfig"}`;
  if (platform === "local") return note("kubernetes", `${found}; the local platform needs neither`);
  return version !== undefined && config !== undefined
    ? ok("kubernetes", found)
    : missing("kubernetes", found, "Install kubectl and get a kubeconfig for the cluster.");
}

/** Only whether there are some: they are neither read nor used. */
export function cloudCredentials(platform: PlatformName): Finding {
  const { AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_WEB_IDENTITY_TOKEN_FILE } = process.env;
  const there =
    Boolean(AWS_ACCESS_KEY_ID ?? AWS_PROFILE ?? AWS_WEB_IDENTITY_TOKEN_FILE) ||
    existsSync(join(homedir(), ".aws", "credentials"));
  const found = there ? "AWS credentials are set up" : "no AWS credentials";
  if (platform !== "aws") return note("cloud", `${found}; ${platform} needs none`);
  return there ? ok("cloud", found) : missing("cloud", found, "Set AWS_PROFILE, or run `aws configure`.");
}
