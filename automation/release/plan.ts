import type { Planned, Target } from "../api";
import { knownEnvironment, type Project } from "../project";
import { materialise, resolveRef } from "../source";
import { newId, readTruth, type TeamView, viewTeam } from "./drive";

/** What a release would change, from where to where, and the way back. Nothing is changed but the cache of built versions. */
export async function plan(project: Project, target: Target & { ref: string }): Promise<Planned> {
  project.config(knownEnvironment(target.environment));
  const view = await viewTeam(project, target, newId());
  try {
    const { config } = await readTruth(view);
    const { source } = view.settings.config;
    const { ref, commit } = await resolveRef(source, target.ref, {
      projectDir: project.dir,
      artifactsDir: project.artifactsDir,
    });
    const { directory } = await materialise(source, commit, {
      projectDir: project.dir,
      artifactsDir: project.artifactsDir,
    });
    const to = candidateSlot(view, config.live);
    const slots = { ...config.slots, [to]: { version: commit, ref, artifact: directory, start: source.start } };
    const preview = await view.stack.preview({ ...config, id: "dry-run", revision: config.revision + 1, slots });
    return {
      version: commit,
      ref,
      from: config.live,
      to,
      preview,
      rollback: { live: config.live, weights: config.weights },
    };
  } finally {
    view.close();
  }
}

/** The slot without the traffic: a version stays where it won, so the two take turns. */
export function candidateSlot(view: TeamView, live: string | null): string {
  const names = view.settings.slots.map(({ name }) => name);
  return names.find((name) => name !== live) ?? names[0] ?? "";
}
