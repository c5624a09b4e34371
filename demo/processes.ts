/** Which processes belong to the demo, as the operating system says. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Processes that name `folder` in their command, their environment or as their directory, as "4711 node server.js". */
export function processesOf(folder: string): string[] {
  if (existsSync("/proc/self/cmdline")) {
    const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid));
    return pids.flatMap((pid) => {
      const command = read(pid, "cmdline").replaceAll("\0", " ").trim();
      const isOurs = [command, read(pid, "environ"), directory(pid)].some((text) => text.includes(folder));
      return command !== "" && isOurs ? [`${pid} ${command}`] : [];
    });
  }
  // macOS shows no other process's directory; the daemons that own all the others name the folder in their command
  const lines = execFileSync("ps", ["-axo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return lines.map((line) => line.trim()).filter((line) => line.includes(folder));
}

/** Ends what `processesOf` finds, without asking: for when the orderly way out failed. */
export function endProcessesOf(folder: string): void {
  for (const found of processesOf(folder)) {
    try {
      process.kill(Number.parseInt(found, 10), "SIGKILL");
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
    }
  }
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // gone, or not ours to look into
  }
}

function directory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // gone, or not ours to look into
  }
}
