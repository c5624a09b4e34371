import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../cli/doctor";
import { exitCodes } from "../../config/errors";
import { freePort, portStretch } from "../ports";
import { answer, listenOn, type ProjectFolder, projectFolder, switchyard } from "./support";

describe("doctor", () => {
  const folders: ProjectFolder[] = [];
  const folder = (config: string) => {
    const made = projectFolder(config);
    folders.push(made);
    return made.dir;
  };
  afterAll(() => {
    for (const made of folders) made.dispose();
  });
  const ports = async (port: number) =>
    `config:\n  switchyard:loadBalancer: { port: ${port} }\n  switchyard:firstPort: ${await portStretch()}\n`;
  const examined = async (dir: string, environment = "dev", env: Record<string, string> = {}) => {
    const ended = await switchyard(["doctor", environment, "--json"], { cwd: dir, env });
    const findings = answer(ended).findings as Finding[];
    return { code: ended.code, of: (check: string) => findings.find((finding) => finding.check === check), findings };
  };

  test("finds what an environment needs, ends well, and leaves nothing behind", async () => {
    const dir = folder(await ports(await freePort()));
    const { code, findings, of } = await examined(dir);
    expect(findings.filter(({ verdict }) => verdict === "missing")).toEqual([]);
    expect(code).toBe(exitCodes.ok);
    expect(of("node")).toMatchObject({ verdict: "ok", found: expect.stringContaining(process.versions.node) });
    expect(of("engine")).toMatchObject({ verdict: "ok", found: expect.stringContaining("embedded") });
    expect(of("environment")).toMatchObject({ verdict: "note", found: expect.stringContaining("switchyard up dev") });
    expect(readdirSync(dir).sort()).toEqual(["Pulumi.dev.yaml", "Pulumi.yaml"]);
  });

  test("says which port is taken, by whom, and what to set instead", async () => {
    const { server, port } = await listenOn(0);
    try {
      const { code, of } = await examined(folder(await ports(port)));
      expect(code).toBe(exitCodes.environment);
      expect(of("ports")).toMatchObject({
        verdict: "missing",
        found: expect.stringMatching(new RegExp(`127.0.0.1:${port} is held by (pid ${process.pid} |another process)`)),
        todo: expect.stringContaining("switchyard:firstPort"),
      });
    } finally {
      server.close();
    }
  });

  test("shows all mistakes of the config file, and still looks at the rest", async () => {
    const { code, of } = await examined(folder("config:\n  switchyard:firstPort: 12\n  switchyard:protect: maybe\n"));
    expect(code).toBe(exitCodes.environment);
    expect(of("config")).toMatchObject({ verdict: "missing", found: expect.stringContaining("switchyard:firstPort") });
    expect(of("config")?.found).toContain("switchyard:protect");
    expect(of("git")).toMatchObject({ verdict: "ok" });
  });

  test("says of production that its platform is not there yet", async () => {
    const { code, of } = await examined(folder("config: {}\n"), "production");
    expect(code).toBe(exitCodes.environment);
    expect(of("platform")).toMatchObject({ verdict: "missing", found: expect.stringContaining("aws") });
  });

  test("misses the Pulumi CLI only where it is asked for", async () => {
    const dir = folder(await ports(await freePort()));
    const bare = { PATH: `${join(process.execPath, "..")}:/usr/bin:/bin` };
    const { of } = await examined(dir, "dev", { ...bare, SWITCHYARD_ENGINE: "cli" });
    const has = of("engine")?.found.includes("on PATH") && !of("engine")?.found.includes("no pulumi");
    expect(of("engine")?.verdict).toBe(has ? "ok" : "missing");
  });

  test("warns of a passphrase that others can read", async () => {
    const dir = folder(await ports(await freePort()));
    mkdirSync(join(dir, ".switchyard"));
    writeFileSync(join(dir, ".switchyard", "passphrase"), "hush");
    chmodSync(join(dir, ".switchyard", "passphrase"), 0o644);
    const { code, of } = await examined(dir);
    expect(code).toBe(exitCodes.ok);
    expect(of("passphrase")).toMatchObject({ verdict: "warn", todo: expect.stringContaining("chmod 600") });
  });

  test("reads as lines for a person: verdict, check, what was found, what to do", async () => {
    const { stdout } = await switchyard(["doctor", "prod"], { cwd: folder("config: {}\n") });
    expect(stdout).toMatch(/^ok +git +\d/m);
    expect(stdout).toMatch(/^missing +platform .*\n +→ Set `switchyard:platform: local`/m);
  });
});
