import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { generatedFiles } from "../../config/documentation";
import { fieldsOf } from "../../config/documentation/fields";
import { environmentSchema } from "../../config/environment";

test("what is committed is what the schema and the catalogue say", () => {
  for (const [path, text] of Object.entries(generatedFiles())) expect(readFileSync(path, "utf8")).toBe(text);
});

test("every field of the config is documented", () => {
  const fields = fieldsOf(z.toJSONSchema(environmentSchema, { io: "input" }));
  expect(fields.filter(({ means }) => means === "").map(({ path }) => path)).toEqual([]);
  expect(fields.length).toBeGreaterThan(40);
});

test("a stale page fails the check, and nothing is written by it", () => {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-docs-"));
  const main = resolve("dist/config/documentation/main.js");
  const check = () => spawnSync(process.execPath, [main, "--check"], { cwd: folder, encoding: "utf8" });
  try {
    cpSync("docs", join(folder, "docs"), { recursive: true });
    cpSync("schemas", join(folder, "schemas"), { recursive: true });
    expect(check()).toMatchObject({ status: 0, stderr: "" });
    writeFileSync(join(folder, "docs/errors.md"), "old");
    expect(check()).toMatchObject({
      status: 3,
      stderr: "docs/errors.md is stale: run `npm run docs` and commit it.\n",
    });
    expect(readFileSync(join(folder, "docs/errors.md"), "utf8")).toBe("old");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
