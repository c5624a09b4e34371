import { Option } from "commander";
import { openBranches, type ProjectBranches } from "../../../branches/lifecycle";
import { loadEnvironmentFile } from "../../../config/file";
import type { Context } from "../../context";
import { environmentNamed } from "../../names";

export interface BranchOptions {
  environment: string;
}

/** Rules for branches stand in each environment's config; where they are made they are dev's. */
export const environmentOption = () =>
  new Option("--environment <environment>", "whose config says what teams and rules there are").default("dev");

export async function withBranches<T>(
  { projectDir }: Context,
  { environment }: BranchOptions,
  work: (branches: ProjectBranches) => Promise<T>,
): Promise<T> {
  const branches = await openBranches(projectDir, loadEnvironmentFile(projectDir, environmentNamed(environment)));
  try {
    return await work(branches);
  } finally {
    branches.close();
  }
}

export const branchArgument = { name: "branch", about: "a team's branch, for example feature/realtime-cursors" };
