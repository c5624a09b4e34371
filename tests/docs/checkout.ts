/** A checkout of this very project as a reader of the docs has it, on ports of the test's own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMap, parseDocument } from "yaml";
import { root } from "../cli/support";
import { portStretch } from "../ports";

export class Checkout {
  /** The entry port of its environment `dev`. */
  port = 0;
  readonly parent = mkdtempSync(join(tmpdir(), "switchyard-docs-"));
  readonly dir = join(this.parent, "switchyard");

  async make(): Promise<this> {
    this.git(this.parent, "clone", "-q", "--depth", "1", `file://${root}`, this.dir);
    this.git(this.dir, "switch", "-q", "-C", "main");
    // stands for `npm ci`
    for (const made of ["dist", "node_modules"]) symlinkSync(join(root, made), join(this.dir, made));
    const first = await portStretch();
    this.port = first;
    this.configure((config) => {
      config.setIn(["config", "switchyard:loadBalancer"], { port: first });
      config.setIn(["config", "switchyard:firstPort"], first + 1);
      for (const team of ["realtime-collaboration", "ai-workflow"]) {
        config.setIn(["config", "switchyard:teams", team, "release"], { bake: "200ms" });
      }
    });
    return this;
  }

  configure(edit: (config: ReturnType<typeof parseDocument>) => void): void {
    const file = join(this.dir, "Pulumi.dev.yaml");
    const config = parseDocument(readFileSync(file, "utf8"));
    edit(config);
    writeFileSync(file, config.toString());
  }

  /** What a guide's YAML says of teams, put beside what is there. */
  addTeams(yaml: string): void {
    const teams = parseDocument(yaml).getIn(["config", "switchyard:teams"]);
    if (!isMap(teams)) throw new Error("the guide has no teams");
    this.configure((config) => {
      for (const { key, value } of teams.items) config.setIn(["config", "switchyard:teams", String(key)], value);
    });
  }

  /** A repository beside the checkout, with one commit on `main`. */
  repository(name: string, files: Record<string, string>): void {
    const dir = join(this.parent, name);
    mkdirSync(dir);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text);
    this.git(dir, "init", "-q", "-b", "main");
    this.git(dir, "add", ".");
    this.git(dir, "-c", "user.name=reader", "-c", "user.email=reader@example.com", "commit", "-q", "-m", "first");
  }

  /** A command line as it stands in the docs, in the checkout. Throws with what it printed when it fails. */
  run(line: string, env: Record<string, string> = {}): string {
    const command = line.replaceAll("npx switchyard", "node bin/switchyard.js").replaceAll(":8080", `:${this.port}`);
    return execFileSync("sh", ["-eu", "-c", command], {
      cwd: this.dir,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: `${join(process.execPath, "..")}:${process.env.PATH}`, HOME: this.parent, ...env },
    });
  }

  git(cwd: string, ...args: string[]): string {
    return execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
  }

  dispose(): void {
    rmSync(this.parent, { recursive: true, force: true });
  }
}
