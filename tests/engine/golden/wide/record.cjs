"use strict";
// node wide/record.cjs ENGINE SEEDS OUT.json[.gz] : plays the generated sequences of SEEDS (`1-20,34`) and records after each step what
// became of it. ENGINE as for record.cjs, or `either`: the real CLI where `pulumi` is on PATH, else the embedded engine. On the real CLI each step has a process of its own: after a failed step the SDK can
// leave a program behind that disturbs the next one.
const fs = require("fs"), os = require("os"), path = require("path"), { spawnSync } = require("child_process"), zlib = require("zlib"), { createRequire } = require("module");
const need = createRequire(process.cwd() + "/");
const pulumi = need("@pulumi/pulumi"), auto = need("@pulumi/pulumi/automation");
const { WideProvider, sequenceOf, programOf, letDrift, delay } = require("./programs.cjs");
const { scrub, sorted, normal, eventKey, callLine, portOf } = require("../recording.cjs");

/** The same salt for all stacks, so that its key is derived once. It is the one of the passphrase `p`. */
const settings = "encryptionsalt: v1:OXltsZRP3Hc=:v1:WVvPf43flpnkP92J:nUwyRKDlHgv3OGktn3EWJPgoAx4/SA==\n";
const urnOfTarget = (n) => `urn:pulumi:dev::proj::**::${n}`;

/** The cloud, as it is between two steps. */
const load = (provider, dir) => {
  const file = `${dir}/cloud.json`, { cloud, created } = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : { cloud: ["ext-1", "ext-2"].map((id) => [id, { kind: "external", size: 1 }]), created: {} };
  Object.assign(provider, { cloud: new Map(cloud), created, calls: [] });
};
const store = ({ cloud, created }, dir) => fs.writeFileSync(`${dir}/cloud.json`, JSON.stringify({ cloud: [...cloud], created }));

async function play({ open, provider, settleMs }, seed, number, dir) {
  const step = sequenceOf(seed)[number], controller = new AbortController();
  fs.mkdirSync(`${dir}/work/proj`, { recursive: true });
  load(provider, dir);
  if (number === 0 && step.world.reference) await (await open(dir, async () => ({ host: "h", pw: pulumi.secret("pp") }), "other", "prod")).up();
  if (number === 0) fs.writeFileSync(`${dir}/work/proj/Pulumi.dev.yaml`, settings);
  const stack = await open(dir, programOf(step));
  for (const [key, value] of Object.entries(step.world.config)) await stack.setConfig(key, { value });
  letDrift(provider.cloud, step.drift);
  provider.faults = step.faults;
  // Long enough for the signal to arrive.
  provider.onAbort = async () => { controller.abort(); await delay(settleMs); };
  const events = [], onEvent = (e) => { if (e.diagnosticEvent?.severity !== "debug") events.push(eventKey(e)); };
  const opts = { parallel: 1, onEvent, ...(step.faults.abort ? { signal: controller.signal } : {}) };
  const act = async () => {
    const up = async (more) => { const x = await stack.up({ ...opts, ...more }); return { rc: x.summary.resourceChanges, out: x.outputs }; };
    switch (step.do) {
      case "preview": return { p: (await stack.preview(opts)).changeSummary };
      case "preview of destroy": return { p: (await stack.previewDestroy(opts)).changeSummary };
      case "refresh": case "destroy": return { rc: (await stack[step.do](opts)).summary.resourceChanges };
      case "refresh and up": return up({ refresh: true });
      case "on and on": return up({ continueOnError: true });
      case "only some": return up({ target: step.targets.map(urnOfTarget) });
      default: return up();
    }
  };
  const res = await act().catch((thrown) => ({ err: thrown.name }));
  store(provider, dir);
  const faults = Object.keys(step.faults).join();
  const { specs } = JSON.parse(JSON.stringify(step.world));
  return { seed, step: number, do: step.do, ...(faults ? { faults } : {}), specs, res: sorted(scrub(res)), state: normal(`${dir}/state/.pulumi/stacks/proj/dev.json`),
    calls: scrub(provider.calls.map(callLine)), cloud: [...provider.cloud.keys()].sort(), ev: scrub(events) };
}

async function handleOf(engine) {
  const provider = new WideProvider(), cli = engine === "cli", port = cli ? await portOf(provider) : 0;
  const pulumiCommand = cli ? await auto.PulumiCommand.get({ skipVersionCheck: true }) : await require(path.resolve(engine)).pulumiCommand({ probe: provider });
  /** Opens a stack whose state, home and work folder are in `dir`. */
  const open = (dir, program, projectName = "proj", stackName = "dev") => {
    const workDir = path.join(dir, "work", projectName);
    for (const d of [workDir, `${dir}/home`, `${dir}/state`]) fs.mkdirSync(d, { recursive: true });
    return auto.LocalWorkspace.createOrSelectStack({ projectName, stackName, program }, { workDir, pulumiHome: `${dir}/home`, pulumiCommand, envVars: {
      PULUMI_CONFIG_PASSPHRASE: "p", PULUMI_BACKEND_URL: `file://${dir}/state`, PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_PROVIDERS: `probe:${port}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } });
  };
  return { provider, open, settleMs: cli ? 1500 : 50 };
}

const numbersOf = (text) => text.split(",").flatMap((part) => {
  const [first, last = first] = part.split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, k) => first + k);
});

(async () => {
  const [asked, ...rest] = process.argv.slice(2), found = () => spawnSync("pulumi", ["version"]).status === 0;
  const engine = asked !== "either" ? asked : found() ? "cli" : path.join(__dirname, "..", "engine.cjs");
  if (engine === "--step") {
    const [name, seed, number, dir] = rest;
    fs.writeFileSync(`${dir}/step-${number}.json`, JSON.stringify(await play(await handleOf(name), +seed, +number, dir)));
    process.exit(0);
  }
  const [seeds, out] = rest, base = fs.mkdtempSync(path.join(os.tmpdir(), "wide-")), recording = [];
  const handle = engine === "cli" ? undefined : await handleOf(engine);
  for (const seed of numbersOf(seeds)) {
    const dir = path.join(base, String(seed));
    fs.mkdirSync(dir);
    for (const number of sequenceOf(seed).keys()) {
      if (handle) recording.push(await play(handle, seed, number, dir));
      else {
        // Its exit code says only that a program threw: the SDK's provider server, in the same process, takes note of it.
        spawnSync(process.execPath, [__filename, "--step", engine, String(seed), String(number), dir], { stdio: "inherit" });
        recording.push(JSON.parse(fs.readFileSync(`${dir}/step-${number}.json`)));
      }
    }
  }
  const text = `[\n${recording.map((step) => JSON.stringify(step)).join(",\n")}\n]\n`;
  fs.writeFileSync(out, out.endsWith(".gz") ? zlib.gzipSync(text, { level: 9 }) : text);
  fs.rmSync(base, { recursive: true, force: true });
  console.log(`${recording.length} steps recorded on ${engine === "cli" ? "the real CLI" : "the embedded engine"}`);
  process.exit(0);
})().catch((e) => { console.error(e); process.exit(1); });
