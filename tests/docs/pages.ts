import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../cli/support";

export interface Page {
  name: string;
  text: string;
}

/** README.md and all that people read below docs/. */
export function pages(): Page[] {
  const below = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const names = ["README.md", ...below.filter((name) => name.endsWith(".md")).map((name) => join("docs", name))];
  return names.map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));
}

export function page(name: string): Page {
  return { name, text: readFileSync(join(root, name), "utf8") };
}

/** The text below a heading, up to the next one of any level. */
export function section({ text, name }: Page, heading: string): string {
  const found = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`${name} has no heading ${heading}`);
  return found;
}

/** The indented command lines, without their comments. */
export const commandLines = (text: string): string[] =>
  [...text.replaceAll(/^ *```.*?^ *```$/gms, "").matchAll(/^ {4}(?! )(.*)$/gm)].map(([, line = ""]) =>
    line.replace(/ {2,}#.*$/, "").trim(),
  );

/** The fenced blocks of a language. */
export const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^ *\`\`\`$`, "gms"))].map(([, indent = "", block = ""]) =>
    block.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
