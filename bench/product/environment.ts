/** A real environment in a temporary folder, made and driven by the same `automation` as everybody's. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { down, openProject, type Project, type ReleaseReport, release, up } from "../../automation";
import { seedTeams } from "../../config/seed";
import type { TeamConfigInput } from "../../config/team";
import { projectRoot } from "../../demo/project";
import { makeRepository } from "../../demo/repository";
import { slotHeader } from "../../local/api";

export interface BenchEnvironment {
  project: Project;
  url: string;
  slotHeader: string;
  /** Throws when the release did not settle. */
  release(team: string, ref: string): Promise<ReleaseReport>;
  /** Ends the environment's processes and removes its folder. */
  close(): Promise<void>;
}

type Teams = Record<string, TeamConfigInput>;

/** The two default teams on the example repository, as the demo has them; `bake` is the configured bake. */
function defaultTeams(repository: string, bake: string): Teams {
  const folders: Record<string, string> = { "realtime-collaboration": "collaboration", "ai-workflow": "jobs" };
  const build = [["node", "build.js"]];
  return Object.fromEntries(
    Object.entries(seedTeams).map(([team, config]) => [
      team,
      { ...config, source: { repository, path: `services/${folders[team]}`, build }, release: { bake } },
    ]),
  );
}

/** `prepare` makes what the teams release from, in the folder it is given. The environment is not up yet. */
export async function openBench(prepare: (folder: string) => Promise<Teams>): Promise<BenchEnvironment> {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  const teams = await prepare(folder);
  const firstPort = await freeBlock(1 + 10 * Object.keys(teams).length);
  copyFileSync(join(projectRoot(), "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  const config = { platform: "local", firstPort: firstPort + 1, loadBalancer: { port: firstPort }, teams };
  const named = Object.entries(config).map(([key, value]) => [`switchyard:${key}`, value]);
  writeFileSync(join(folder, "Pulumi.dev.yaml"), stringify({ config: Object.fromEntries(named) }));
  const project = openProject({ dir: folder, engine: "embedded" });
  return {
    project,
    url: `http://127.0.0.1:${firstPort}`,
    slotHeader,
    async release(team, ref) {
      const report = await release(project, { environment: "dev", team, ref });
      if (report.outcome !== "settled") throw new Error(`${team} ${ref}: ${report.outcome}, ${report.reason}`);
      return report;
    },
    async close() {
      await down(project, "dev", { deleteData: true });
      project.records.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The default environment, up, with no release yet. */
export async function openDefault({ bake }: { bake: string }): Promise<BenchEnvironment> {
  const bench = await openBench(async (folder) => {
    const { dir } = await makeRepository(join(folder, "repository"));
    return defaultTeams(dir, bake);
  });
  try {
    await up(bench.project, "dev");
  } catch (thrown) {
    await bench.close();
    throw thrown;
  }
  return bench;
}

/**
 * So many ports in a row, below those that the kernel hands out, that nobody listens on. Two programs at once begin their
 * search at different places.
 */
async function freeBlock(count: number): Promise<number> {
  for (let first = 22_000 + (process.pid % 300) * 25; first + count < 32_000; first += count) {
    const taken = await Promise.all(Array.from({ length: count }, (_, i) => isTaken(first + i)));
    if (!taken.includes(true)) return first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}
