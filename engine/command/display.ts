import type { EngineEvent } from "../deployment/request";
import { isSecret, maskedSecret } from "../state/secretValues";
import type { Json } from "../state/types";
import type { Output } from "./context";

interface ResourceShown {
  inputs?: Record<string, Json>;
  outputs?: Record<string, Json>;
}

interface Metadata {
  op: string;
  urn: string;
  type: string;
  old?: ResourceShown | null;
  new?: ResourceShown | null;
}

interface ShownEvent {
  resourcePreEvent?: { metadata: Metadata };
  resOutputsEvent?: { metadata: Metadata };
  resOpFailedEvent?: { metadata: Metadata };
  diagnosticEvent?: { urn?: string; prefix?: string; message: string };
  summaryEvent?: { durationSeconds: number; resourceChanges: Record<string, number> };
}

const symbols: Record<string, string> = {
  create: "+ ",
  update: "~ ",
  delete: "- ",
  replace: "+-",
  "create-replacement": "++",
  "delete-replaced": "--",
  read: "> ",
};

const done: Record<string, string> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "created replacement",
  "delete-replaced": "deleted original",
  same: "unchanged",
};

export interface DisplayOptions {
  preview: boolean;
  progress: boolean;
  outputs: boolean;
  /** Old and new values of what changes. */
  diff: boolean;
}

const stackType = "pulumi:pulumi:Stack";

/** Tells a person what happens, like the CLI without a terminal: one line a changed resource, diagnostics, outputs, counts. */
export class Display {
  readonly #output: Output;
  readonly #options: DisplayOptions;
  readonly #diagnostics = new Map<string, string[]>();
  #shown = new Set<string>();
  #stackOutputs: Record<string, Json> = {};

  constructor(output: Output, options: DisplayOptions) {
    this.#output = output;
    this.#options = options;
  }

  show(event: EngineEvent): void {
    const { resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent }: ShownEvent = event;
    if (resOutputsEvent) this.#step(resOutputsEvent.metadata, undefined);
    if (resOpFailedEvent) this.#step(resOpFailedEvent.metadata, "failed");
    if (diagnosticEvent) this.#diagnostic(diagnosticEvent);
    if (summaryEvent) this.#summary(summaryEvent);
  }

  #step(metadata: Metadata, failed: "failed" | undefined): void {
    if (metadata.type === stackType && metadata.new?.outputs) this.#stackOutputs = metadata.new.outputs;
    const { op, urn, type } = metadata;
    const ofNoInterest = op === "same" || isDefaultProvider(metadata);
    if (ofNoInterest || !this.#options.progress || this.#shown.has(`${op} ${urn}`)) return;
    this.#shown.add(`${op} ${urn}`);
    const label = failed ? `**${op} failed**` : this.#options.preview ? op : (done[op] ?? op);
    const changes = changing.has(op) ? changesOf(metadata) : [];
    const diff = changes.length === 0 ? "" : ` [diff: ${changes.map(({ mark, key }) => mark + key).join("")}]`;
    this.#output.out(` ${symbols[op] ?? "  "} ${type} ${nameOf(urn)} ${label}${diff}\n`);
    if (!this.#options.diff) return;
    for (const { mark, key, before, after } of changes) {
      this.#output.out(`      ${mark} ${key}: ${shownValue(before)} => ${shownValue(after)}\n`);
    }
  }

  #diagnostic({ urn = "", prefix = "", message }: { urn?: string; prefix?: string; message: string }): void {
    const lines = this.#diagnostics.get(urn) ?? [];
    lines.push(`${prefix}${message}`.trimEnd());
    this.#diagnostics.set(urn, lines);
  }

  #summary({ durationSeconds, resourceChanges }: NonNullable<ShownEvent["summaryEvent"]>): void {
    const paragraphs: string[] = [];
    if (this.#diagnostics.size > 0) {
      const groups = [...this.#diagnostics].map(
        ([urn, messages]) =>
          `  ${urn === "" ? stackType : `${urn.split("::")[2]?.split("$").pop()} (${nameOf(urn)})`}:\n${indented(messages)}`,
      );
      paragraphs.push(`Diagnostics:\n${groups.join("\n")}`);
    }
    const outputs = Object.entries(this.#stackOutputs);
    if (this.#options.outputs && outputs.length > 0) {
      paragraphs.push(`Outputs:\n${outputs.map(([key, value]) => `    ${key}: ${shownValue(value)}\n`).join("")}`);
    }
    const counts = Object.entries(resourceChanges).map(([op, count]) =>
      this.#options.preview && op !== "same"
        ? `    ${symbols[op]?.trim() ?? ""} ${count} to ${op}\n`
        : `    ${op === "same" ? "" : `${symbols[op]?.trim() ?? ""} `}${count} ${done[op] ?? op}\n`,
    );
    paragraphs.push(`Resources:\n${counts.join("")}`);
    if (!this.#options.preview) paragraphs.push(`Duration: ${durationSeconds}s\n`);
    this.#output.out(`\n${paragraphs.join("\n")}\n`);
  }
}

const changing = new Set(["update", "replace", "create-replacement"]);

/** The engine makes these itself; the CLI neither shows nor counts them. */
const isDefaultProvider = ({ type, urn }: Metadata): boolean =>
  type.startsWith("pulumi:providers:") && /^default(_|$)/.test(nameOf(urn));

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

const indented = (messages: string[]): string =>
  messages.map((message) => `${message.replace(/^/gm, "    ")}\n`).join("");

const shownValue = (value: Json | undefined): string =>
  JSON.stringify(value ?? null, (_, item) => (isSecret(item) ? maskedSecret : item)).replaceAll(
    `"${maskedSecret}"`,
    maskedSecret,
  );

interface Change {
  mark: "+" | "-" | "~";
  key: string;
  before: Json | undefined;
  after: Json | undefined;
}

function changesOf(metadata: Metadata): Change[] {
  const before = metadata.old?.inputs ?? {};
  const after = metadata.new?.inputs ?? {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => {
      const mark = !Object.hasOwn(before, key) ? "+" : Object.hasOwn(after, key) ? "~" : "-";
      return { mark, key, before: before[key], after: after[key] };
    });
}
