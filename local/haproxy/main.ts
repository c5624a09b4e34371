/** `node dist/local/haproxy/main.js --runtime-dir DIR [--host 127.0.0.1] [--port 8080]`: the load balancer's admin API in front of HAProxy. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SwitchyardError } from "../../config/errors";
import { runDaemon } from "../lb/control";
import { HaproxyPlane } from "./plane";

/** Debian keeps it in /usr/sbin, which is not on everybody's PATH. */
function findHaproxy(): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const found = folders.map((folder) => join(folder, "haproxy")).find((path) => existsSync(path));
  if (found === undefined)
    throw new SwitchyardError("engine-missing", "loadBalancer: haproxy is asked for, and haproxy is not installed", {
      next: "Install it (Debian: apt-get install haproxy), or use `loadBalancer: embedded`.",
    });
  return found;
}

runDaemon(({ runtimeDir }) => new HaproxyPlane(findHaproxy(), runtimeDir));
