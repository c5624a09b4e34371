import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalWorkspaceOptions } from "@pulumi/pulumi/automation";

/** The long versions of tests, which CI runs: see CONTRIBUTING.md. */
export const thorough = process.env.SWITCHYARD_THOROUGH !== undefined;

/** A private backend, home and project folder; `remove` takes all of it away. */
export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), "engine-test-"));
  readonly state = join(this.root, "state");
  readonly url = `file://${this.state}`;
  passphrase = "correct horse";

  constructor() {
    for (const folder of ["state", "home", "work"]) mkdirSync(join(this.root, folder));
  }

  options(pulumiCommand: LocalWorkspaceOptions["pulumiCommand"], workDir = "work"): LocalWorkspaceOptions {
    const folder = join(this.root, workDir);
    mkdirSync(folder, { recursive: true });
    return {
      workDir: folder,
      pulumiHome: join(this.root, "home"),
      pulumiCommand,
      envVars: {
        PULUMI_BACKEND_URL: this.url,
        PULUMI_CONFIG_PASSPHRASE: this.passphrase,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
    };
  }

  /** A file below `.pulumi`. */
  path(...parts: string[]): string {
    return join(this.state, ".pulumi", ...parts);
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), "utf8");
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
