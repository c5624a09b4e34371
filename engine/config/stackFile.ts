import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Document, isCollection, parseDocument, Scalar } from "yaml";
import { readText, replaceFile, type StoredConfig } from "../backend";
import { EngineFailure } from "../failure";
import type { PathSegment } from "./path";
import type { Project } from "./project";

/** `Pulumi.<stack>.yaml`: salt and config of a stack. Edits keep comments and order. */
export class StackFile {
  readonly path: string;
  #document: Document;

  private constructor(path: string, document: Document) {
    this.path = path;
    this.#document = document;
  }

  /** A file that is not there reads as an empty one. */
  static load(path: string): StackFile {
    const document = parseDocument(readText(path) ?? "");
    if (document.errors[0] !== undefined) {
      throw new EngineFailure(`could not read ${path}: ${document.errors[0].message}`);
    }
    const content: unknown = document.toJS() ?? {};
    if (typeof content !== "object" || Array.isArray(content))
      throw new EngineFailure(`could not read ${path}: not a map`);
    return new StackFile(path, document);
  }

  static pathOf(project: Project, stack: string): string {
    const paths = [".yaml", ".yml", ".json"].map((extension) =>
      join(project.configFolder, `Pulumi.${stack}${extension}`),
    );
    return paths.find((path) => existsSync(path)) ?? join(project.configFolder, `Pulumi.${stack}.yaml`);
  }

  get saltText(): string | undefined {
    const salt = this.#document.get("encryptionsalt");
    return typeof salt === "string" ? salt : undefined;
  }

  set saltText(salt: string) {
    const config = this.#document.get("config", true);
    // The salt stands first, as the CLI writes it.
    if (config !== undefined) this.#document.delete("config");
    this.#document.set("encryptionsalt", salt);
    if (config !== undefined) this.#document.set("config", config);
  }

  /** Secrets stay `{secure: ciphertext}`. */
  get config(): StoredConfig {
    return Object(Object(this.#document.toJS()).config);
  }

  set config(config: StoredConfig) {
    const sorted = Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#document.set("config", this.#document.createNode(sorted));
  }

  get settings(): Record<string, unknown> {
    return Object(this.#document.toJS());
  }

  set(key: string, path: PathSegment[], value: string | number | boolean | { secure: string }): void {
    this.#requirePlace(key, path);
    if (!isCollection(this.#document.get("config"))) this.#document.set("config", this.#document.createNode({}));
    this.#document.setIn(
      ["config", key, ...path],
      typeof value === "string" ? scalar(value) : this.#document.createNode(value),
    );
  }

  setStructure(key: string, value: unknown): void {
    if (!isCollection(this.#document.get("config"))) this.#document.set("config", this.#document.createNode({}));
    this.#document.setIn(["config", key], this.#document.createNode(value));
  }

  /** Removing what is not there is fine, as with the CLI. */
  remove(key: string, path: PathSegment[]): void {
    if (!this.#document.hasIn(["config", key, ...path])) return;
    this.#document.deleteIn(["config", key, ...path]);
    if (Object.keys(this.config).length === 0) this.#document.delete("config");
  }

  save(): void {
    const content = this.settings;
    const isEmpty = Object.keys(content).length === 0;
    if (isEmpty && !existsSync(this.path)) return;
    const yaml = isEmpty && this.#document.commentBefore === null ? "{}\n" : this.#document.toString({ lineWidth: 0 });
    replaceFile(this.path, this.path.endsWith(".json") ? JSON.stringify(content, null, 4) : yaml, fileMode);
  }

  #requirePlace(key: string, path: PathSegment[]): void {
    let current: unknown = this.config[key];
    for (const [depth, segment] of path.entries()) {
      const place = [key, ...path.slice(0, depth + 1)].join(".");
      if (current === undefined && typeof segment === "number" && segment > 0) throw outOfRange(place);
      if (current === undefined) return;
      if (typeof current !== "object" || current === null || "secure" in current) {
        throw new EngineFailure(
          `cannot set '${place}': '${[key, ...path.slice(0, depth)].join(".")}' holds a value, not a map or list`,
        );
      }
      if (Array.isArray(current) !== (typeof segment === "number")) {
        throw new EngineFailure(`cannot set '${place}': a list is addressed by [index], a map by .key`);
      }
      if (Array.isArray(current) && typeof segment === "number" && segment > current.length) throw outOfRange(place);
      current = Reflect.get(current, segment);
    }
  }
}

const fileMode = { mode: 0o644 };
const outOfRange = (place: string): EngineFailure =>
  new EngineFailure(`cannot set '${place}': the index is past the list's end`);

/** Quotes what another YAML reader could take for something else than a string. */
function scalar(text: string): Scalar {
  const node = new Scalar(text);
  const harmless = /^[A-Za-z][\w./@=+-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
  if (!harmless) node.type = Scalar.QUOTE_DOUBLE;
  return node;
}
