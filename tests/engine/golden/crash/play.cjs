"use strict";
// node crash/play.cjs ENGINE OUT.json : kills the engine's process with SIGKILL at each point of each kind of step, and records
// what it leaves and what becomes of that: the lock, the next `up`, `refresh --clear-pending-creates`. ENGINE as for record.cjs.
// The provider holds the engine at the point: it is asked and has done nothing yet ("before"), or has done it and not answered
// ("after"). The CLI is killed once a case. An embedded engine runs in a process of its own, which holds all cases at once.
const fs = require("fs"), os = require("os"), path = require("path"), cp = require("child_process"), { createRequire } = require("module");
const need = createRequire(process.cwd() + "/");
const auto = need("@pulumi/pulumi/automation");
const { ProbeProvider, Thing } = require("../programs.cjs");
const { scrub, sorted, normal, eventKey, callLine, portOf } = require("../recording.cjs");
const [engine, out, stage, only] = process.argv.slice(2), cli = engine === "cli";

/** Its cloud is a file, where it has one: it outlives the process. */
class CrashProvider extends ProbeProvider {
  async held(when, op, urn) {
    const [at, name, moment] = this.point ?? [];
    if (at === op && urn.split("::").pop().startsWith(name) && moment === when) { this.onHeld(); await new Promise(() => {}); }
  }
  keep() { if (this.file) fs.writeFileSync(this.file, JSON.stringify({ cloud: [...this.cloud], created: this.created })); }
  open(file) { const { cloud, created } = JSON.parse(fs.readFileSync(file)); this.cloud = new Map(cloud); this.created = created; }
  async at(op, urn, act) {
    await this.held("before", op, urn);
    const answer = await act();
    this.keep();
    await this.held("after", op, urn);
    return answer;
  }
  async check(urn, ...args) { return this.at("check", urn, () => super.check(urn, ...args)); }
  async create(urn, ...args) { return this.at("create", urn, () => super.create(urn, ...args)); }
  async update(id, urn, ...args) { return this.at("update", urn, () => super.update(id, urn, ...args)); }
  async delete(id, urn, ...args) { return this.at("delete", urn, () => super.delete(id, urn, ...args)); }
}

/** One resource after the other, so that the order of state is the same in every run. */
const program = ({ a = { kind: "x", size: 1 }, deleteFirst, without = [], more = [] } = {}) => async () => {
  const first = new Thing("a", a, { deleteBeforeReplace: deleteFirst });
  const second = new Thing("b", { kind: "x", dep: first.id });
  const last = without.includes("c") ? second : new Thing("c", { kind: "x" }, { dependsOn: [second] });
  for (const name of more) new Thing(name, { kind: "x" }, { dependsOn: [last] });
  return { size: a.size };
};
const replaced = { kind: "y", size: 1 };
/** name -> the step at which the engine dies, and the program that comes to it. */
const steps = {
  "create": [["create", "n"], { more: ["n"] }],
  "two creates at once": [["create", "n"], { more: ["n1", "n2"] }, 2],
  "update": [["update", "a"], { a: { kind: "x", size: 2 } }],
  "delete": [["delete", "c"], { without: ["c"] }],
  "create of a replacement": [["create", "a"], { a: replaced }],
  "delete of what is replaced": [["delete", "a"], { a: replaced }],
  "delete before the replacement": [["delete", "a"], { a: replaced, deleteFirst: true }],
  "create after the delete": [["create", "a"], { a: replaced, deleteFirst: true }],
};
const cases = Object.entries(steps).flatMap(([name, [point, change, at = 1]]) =>
  ["before", "after"].map((moment) => ({ name: `${name}, ${moment}`, point: [...point, moment], program: program(change), at })));
cases.push({ name: "check", point: ["check", "n", "before"], program: program({ more: ["n"] }), at: 1 });

const base = stage ? out : fs.mkdtempSync(path.join(os.tmpdir(), "crash-"));
const folderOf = (k) => path.join(base, `case-${k}`);
async function open(dir, provider, port, run) {
  const pulumiCommand = cli ? await auto.PulumiCommand.get({ skipVersionCheck: true })
    : await require(path.resolve(engine)).pulumiCommand({ probe: provider });
  return auto.LocalWorkspace.createOrSelectStack({ projectName: "proj", stackName: "dev", program: () => run.program() },
    { workDir: `${dir}/work`, pulumiHome: `${dir}/home`, pulumiCommand, envVars: {
      PULUMI_CONFIG_PASSPHRASE: "p", PULUMI_BACKEND_URL: `file://${dir}/state`, PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_PROVIDERS: `probe:${port}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } });
}

/** Brings a case to its point. @returns when the provider holds the engine there. */
async function hold(k, provider, port) {
  const { point, at, program: changed } = cases[k], dir = folderOf(k), run = { program: program() };
  for (const d of ["home", "state", "work"]) fs.mkdirSync(path.join(dir, d), { recursive: true });
  provider.file = path.join(dir, "cloud.json");
  const stack = await open(dir, provider, port, run);
  await stack.up();
  let held = 0;
  provider.point = point;
  run.program = changed;
  return new Promise((resolve, reject) => {
    provider.onHeld = () => { if (++held === at) resolve(); };
    stack.up().then(() => reject(new Error(`${cases[k].name}: came to no such point`)), (e) => { if (held < at) reject(e); });
  });
}

/** What one killed process left, and what comes of it in this order of steps. */
async function aftermath(k, order, provider, port) {
  const dir = path.join(base, `${order[0]}-first-${k}`), recording = [], run = { program: cases[k].program };
  fs.cpSync(folderOf(k), dir, { recursive: true });
  provider.open(path.join(dir, "cloud.json"));
  const locks = `${dir}/state/.pulumi/locks/organization/proj/dev`;
  let last;
  const note = (step, more) => {
    const before = last;
    last = JSON.stringify(normal(`${dir}/state/.pulumi/stacks/proj/dev.json`));
    recording.push({ case: cases[k].name, order: order.join(", "), step, locks: fs.readdirSync(locks).filter((name) => name.endsWith(".json")).length,
      state: last === before ? "as before" : JSON.parse(last), cloud: [...provider.cloud.keys()].sort(), ...more });
  };
  note("killed");
  const stack = await open(dir, provider, port, run);
  const refused = await stack.up().then(() => "none", (e) => e.name);
  note("locked", { res: { err: refused } });
  await stack.cancel();
  for (const step of order) {
    provider.calls.length = 0;
    const ev = [], opts = { onEvent: (e) => { if (e.diagnosticEvent?.severity !== "debug") ev.push(eventKey(e)); } };
    let res;
    try {
      const done = step === "clear" ? await stack.refresh({ ...opts, clearPendingCreates: true }) : await stack[step](opts);
      res = { rc: done.summary.resourceChanges, ...(done.outputs && { out: done.outputs }) };
    } catch (e) { res = { err: e.name }; }
    note(step, { res: sorted(scrub(res)), calls: scrub(provider.calls.map(callLine)), ev: scrub(ev) });
  }
  return recording;
}

/** In a process of its own: everything that is to be killed, or that a killed engine leaves running. */
async function holdAll() {
  if (cli) {
    const provider = new CrashProvider(), port = await portOf(provider), spawn = cp.spawn;
    let child;
    cp.spawn = (...args) => { const p = spawn(...args); if (String(args[0]).endsWith("pulumi")) child = p; return p; };
    await hold(+only, provider, port);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    process.exit(0);
  }
  await Promise.all(cases.map((_, k) => hold(k, new CrashProvider(), 0)));
  process.kill(process.pid, "SIGKILL");
}

async function play() {
  const held = (k) => new Promise((resolve, reject) => {
    const child = cp.spawn(process.execPath, [__filename, engine, base, "hold", String(k)], { stdio: ["ignore", "inherit", "inherit"] });
    child.once("exit", (code, signal) => (code === 0 || signal === "SIGKILL") ? resolve() : reject(new Error(`it ended with ${code ?? signal}`)));
  });
  if (cli) for (const k of cases.keys()) await held(k);
  else await held("all");
  const provider = new CrashProvider(), port = cli ? await portOf(provider) : 0, recording = [];
  for (const k of cases.keys()) {
    recording.push(...await aftermath(k, ["up", "clear", "up", "destroy"], provider, port));
    recording.push(...await aftermath(k, ["clear", "up", "destroy"], provider, port));
  }
  fs.writeFileSync(out, `[\n${recording.map((step) => JSON.stringify(step)).join(",\n")}\n]\n`);
  fs.rmSync(base, { recursive: true, force: true });
  console.log(`${recording.length} steps recorded`);
  process.exit(0);
}
(stage ? holdAll() : play()).catch((e) => { console.error(e); process.exit(1); });
