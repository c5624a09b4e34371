import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "planted-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const planted = {
  config: 'planted-config "planted-quoted"\nplanted-second-line',
  nestedConfig: "planted-nested-config",
  input: "planted-input",
  output: "planted-output",
  nestedOutput: "planted-nested-output",
  passphrase: "planted-passphrase",
};

test("no secret is in anything that a careless process writes or prints, nor in the report of its crash", () => {
  const reports = join(folder, "reports");
  const scratch = join(folder, "tmp");
  for (const each of [reports, scratch]) mkdirSync(each);
  const flags = ["--report-uncaught-exception", "--report-on-fatalerror", `--report-directory=${reports}`];
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...flags, join(process.cwd(), "tests", "engine", "planted.js"), folder],
    { encoding: "utf8", input: JSON.stringify(planted), env: { ...process.env, TMPDIR: scratch } },
  );
  // It did all it was to do, was told of every failure, and died of one.
  expect([status, stdout.match(/^== .*/gm)]).toEqual([
    1,
    ["== good", "== throws", "== quotes", "== partial", "== refused", "== changed", "== the end"],
  ]);
  expect(readdirSync(reports)).toHaveLength(1);
  const events = readFileSync(join(folder, "events.log"), "utf8");
  const said = [
    'the word is [secret], and in JSON [\\"[secret]\\"]',
    "the program gives up on [secret]",
    "bad request: ",
    "waiting for [secret]",
    "[secret] was not taken",
    "[secret] is too short",
    "while [secret] was ",
    "cannot read [secret]",
  ];
  expect(said.filter((text) => !events.includes(text))).toEqual([]);

  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const written = files.map(({ parentPath, name }) => ({
    at: join(parentPath, name),
    text: readFileSync(join(parentPath, name), "utf8"),
  }));
  expect(files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["dev.json", "dev.json.bak", "Pulumi.dev.yaml", "events.log"]),
  );
  for (const { at, text } of [...written, { at: "stdout", text: stdout }, { at: "stderr", text: stderr }]) {
    for (const part of Object.values(planted).flatMap((value) => value.split(/["\n]/))) {
      expect([at, part, excerptAround(text, part)]).toEqual([at, part, ""]);
    }
  }
});

/** What is around a secret that was found, for who has to find out how it came there. */
const excerptAround = (text: string, part: string): string => {
  const found = text.indexOf(part);
  return found < 0 || part.trim() === "" ? "" : text.slice(Math.max(0, found - 150), found + part.length + 50);
};
