import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { readText, removeFile, replaceFile } from "./files";
import { type Backend, qualifiedName, type StackId } from "./location";

/** Which stack is selected, for each project file and backend, as the CLI records it in PULUMI_HOME. */
export class Selection {
  readonly #path: string;
  readonly #url: string;

  constructor(options: { pulumiHome: string | undefined; project: string; projectFile: string; backend: Backend }) {
    const digest = createHash("sha1").update(options.projectFile).digest("hex");
    const home = options.pulumiHome ?? join(homedir(), ".pulumi");
    this.#path = join(home, "workspaces", `${options.project}-${digest}-workspace.json`);
    this.#url = options.backend.url;
  }

  get(): string | undefined {
    return this.#read()[this.#url];
  }

  set(id: StackId): void {
    if (this.get() === qualifiedName(id)) return;
    this.#write({ ...this.#read(), [this.#url]: qualifiedName(id) });
  }

  /** Forgets the stack, if it is the selected one. */
  forget(id: StackId): void {
    if (this.get() !== qualifiedName(id)) return;
    const { [this.#url]: _, ...others } = this.#read();
    this.#write(others);
  }

  #read(): Record<string, string> {
    const text = readText(this.#path);
    if (text === undefined) return {};
    try {
      return Object(JSON.parse(text).stacks);
    } catch {
      // Only a convenience: a damaged one is as good as none.
      return {};
    }
  }

  #write(stacks: Record<string, string>): void {
    if (Object.keys(stacks).length === 0) removeFile(this.#path);
    else replaceFile(this.#path, JSON.stringify({ stacks }, null, 4));
  }
}
