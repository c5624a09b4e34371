"use strict";
// node rules/play.cjs ENGINE OUT.json : plays sequences of programs, one rule of the engine each, and records after each step
// what became of it: result, state, provider calls, cloud and events. ENGINE as for record.cjs.
const fs = require("fs"), os = require("os"), path = require("path"), { createRequire } = require("module");
const need = createRequire(process.cwd() + "/");
const pulumi = need("@pulumi/pulumi"), auto = need("@pulumi/pulumi/automation");
const { ProbeProvider, Thing } = require("../programs.cjs");
const { scrub, sorted, normal, eventKey, callLine, portOf } = require("../recording.cjs");
const [engine, out, only] = process.argv.slice(2), cli = engine === "cli";
const base = fs.mkdtempSync(path.join(os.tmpdir(), "rules-"));

class RuleProvider extends ProbeProvider {
  async check(urn, olds, news) {
    this.calls.push(["check", urn, olds, news]);
    if (news.refuse) return { inputs: news, failures: [{ property: "refuse", reason: "it is refused" }, { reason: "in general" }] };
    return { inputs: { ...news, ...(news.wantDefault ? { made: olds.made ?? `default-${++this.made}` } : {}) } };
  }
  async diff(id, urn, olds, news) {
    if (news.unsure) { this.calls.push(["diff", urn, olds, news]); return {}; }
    return { ...(await super.diff(id, urn, olds, news)), deleteBeforeReplace: !!news.dbr };
  }
  async delete(id, urn, props) {
    if (this.failDelete?.includes(urn.split("::").pop())) { this.calls.push(["delete", urn, props]); throw new Error("boom on delete"); }
    return super.delete(id, urn, props);
  }
  reset() { super.reset(); this.made = 0; this.failDelete = undefined; }
}
class Prov extends pulumi.ProviderResource { constructor(name, args, opts) { super("probe", name, args, opts); } }
class Comp extends pulumi.ComponentResource {
  constructor(name, opts, type = "my:app:Comp", args = {}) { super(type, name, args, opts); }
}
const thing = (name, args = {}, opts) => new Thing(name, { kind: "x", ...args }, opts);

/** name -> steps; a step is a program for `up`, or {do, ...}. */
const rules = {
  "from the default provider to an explicit one and back": [
    () => { thing("a"); },
    () => { const p = new Prov("p", { region: "eu" }); thing("a", {}, { provider: p }); },
    () => { const p = new Prov("p", { region: "us" }); thing("a", {}, { provider: p }); },
    () => { const q = new Prov("q", { region: "us" }); thing("a", {}, { provider: q }); },
    () => { thing("a"); },
  ],
  "an explicit provider for a component's children": [
    () => { const p = new Prov("p", {}); const c = new Comp("c", { providers: [p] }); const d = new Comp("d", { parent: c }); thing("a", {}, { parent: d }); thing("b", {}, { parent: c, provider: new Prov("q", {}) }); thing("e"); },
    () => { const c = new Comp("c"); thing("a", {}, { parent: c }); },
  ],
  "versions of default providers": [
    () => { thing("a", {}, { version: "1.0.0" }); thing("b", {}, { version: "1.2.0-beta.1" }); thing("c"); },
    () => { thing("a", {}, { version: "1.1.0" }); thing("c"); },
    () => { thing("a"); thing("c"); },
  ],
  "what an error in the log does": [
    () => { thing("a"); thing("b"); },
    () => { thing("a"); thing("new"); pulumi.log.error("this is bad"); pulumi.log.warn("so so"); pulumi.log.info("fine"); },
    { do: "preview", program: () => { thing("a"); pulumi.log.error("this is bad"); } },
  ],
  "ignored changes": [
    () => { thing("a", { size: 1, list: [{ n: 1 }, { n: 2 }], map: { x: 1, y: 1 }, gone: 1 }); },
    () => { thing("a", { size: 2, list: [{ n: 3 }, { n: 4 }], map: { x: 2, y: 2 }, fresh: 1 }, { ignoreChanges: ["size", "list[*].n", "map.x", "gone", "fresh"] }); },
    () => { thing("a", { size: 3, list: [{ n: 5 }], map: { x: 3 } }, { ignoreChanges: ["list[1].n", "map[\"y\"]", "never.there"] }); },
    () => { thing("a", { kind: "y", size: 9 }, { ignoreChanges: ["size"] }); },
    () => { thing("a", { kind: "y", size: 9, other: 1 }, { ignoreChanges: ["*"] }); },
  ],
  "replaceOnChanges where the provider does not know": [
    () => { thing("a", { unsure: true, size: 1, map: { x: 1 } }); },
    () => { thing("a", { unsure: true, size: 2, map: { x: 1 } }, { replaceOnChanges: ["map.x"] }); },
    () => { thing("a", { unsure: true, size: 2, map: { x: 2 } }, { replaceOnChanges: ["map.x"] }); },
    () => { thing("a", { unsure: true, size: 3, map: { x: 2 } }, { replaceOnChanges: ["*"] }); },
    () => { thing("a", { unsure: true, size: pulumi.secret(3), map: { x: 2 } }); },
  ],
  "a changed input that the provider calls unchanged": [
    () => { thing("a", { size: 1, serial: 5 }); },
    () => { thing("a", { size: 1, serial: 6 }); },
  ],
  "defaults that check makes": [
    () => { thing("a", { wantDefault: true }); },
    () => { thing("a", { wantDefault: true, size: 1 }); },
    () => { thing("a", { wantDefault: true, kind: "y" }); },
    () => { thing("a", { wantDefault: true, kind: "z" }, { deleteBeforeReplace: true }); },
  ],
  "inputs that check refuses": [
    () => { thing("a"); },
    () => { thing("b"); thing("a", { refuse: "x" }); },
    { do: "preview", program: () => { thing("a", { refuse: "x" }); } },
  ],
  "delete before replace, with dependents": [
    () => { const a = thing("a", { kind: "1" }); const b = thing("b", { kind: a.id }); thing("c", { dep: b.id }); thing("d", { dep: a.id }); thing("e", {}, { dependsOn: a }); thing("f", { kind: b.id }, { parent: b }); },
    { do: "preview", program: () => { const a = thing("a", { kind: "2", dbr: true }); const b = thing("b", { kind: a.id }); thing("c", { dep: b.id }); thing("d", { dep: a.id }); thing("e", {}, { dependsOn: a }); } },
    () => { const a = thing("a", { kind: "2", dbr: true }); const b = thing("b", { kind: a.id }); thing("c", { dep: b.id }); thing("d", { dep: a.id }); thing("e", {}, { dependsOn: a }); },
    () => { const a = thing("a", { kind: "3", dbr: true }); const b = thing("b", { kind: a.id }, { deleteBeforeReplace: false }); thing("c", { dep: b.id }); },
    () => { const a = thing("a", { kind: "4", dbr: true, fail: true }); const b = thing("b", { kind: a.id }); thing("c", { dep: b.id }); },
    () => { const a = thing("a", { kind: "4", dbr: true }); thing("c", { dep: a.id }); },
  ],
  "delete before replace that fails and is given up": [
    () => { const a = thing("a", { kind: "1" }); thing("b", { kind: a.id }); },
    () => { const a = thing("a", { kind: "2", fail: true }, { deleteBeforeReplace: true }); thing("b", { kind: a.id }); },
    () => { thing("z"); },
  ],
  "protected resources": [
    () => { thing("a", {}, { protect: true }); const c = new Comp("c", { protect: true }); thing("b", {}, { parent: c }); thing("d", {}, { parent: c, protect: false }); },
    () => { thing("a", { kind: "y" }, { protect: true }); },
    { do: "preview", program: () => { thing("a", { kind: "y" }, { protect: true }); thing("n"); } },
    () => { thing("a", { kind: "y" }); },
    () => { thing("a", { kind: "y" }); },
  ],
  "aliases": [
    () => { const c = new Comp("c"); const a = thing("c-a", {}, { parent: c }); thing("x", { dep: a.id }, { dependsOn: c }); },
    () => { const c = new Comp("new", { aliases: [{ name: "c" }] }); const a = thing("new-a", {}, { parent: c }); thing("x", { dep: a.id }, { dependsOn: c }); },
    () => { const c = new Comp("new", { aliases: [{ type: "my:app:Comp" }] }, "my:app:Other"); const a = thing("new-a", { size: 1 }, { parent: c }); thing("x", { dep: a.id }, { dependsOn: c }); },
    () => { const a = thing("new-a", { kind: "y" }, { aliases: [{ parent: "urn:pulumi:dev::proj::my:app:Other::new" }] }); thing("x", { dep: a.id }); },
    () => { const a = thing("b", { kind: "y", fail: true }, { aliases: ["urn:pulumi:dev::proj::probe:index:Thing::new-a"] }); thing("x", { dep: a.id }); },
    () => { const c = new Comp("k"); const a = thing("b", { kind: "y" }, { parent: c, aliases: [{ name: "new-a", parent: pulumi.rootStackResource }] }); thing("x", { dep: a.id }); },
  ],
  "a component's inputs": [
    () => { new Comp("c", {}, "my:app:Comp", { size: 1 }).registerOutputs({ o: 1 }); },
    () => { new Comp("c", {}, "my:app:Comp", { size: 2 }).registerOutputs({ o: 2 }); },
    () => { new Comp("c", {}, "my:app:Comp", { size: 2 }); },
  ],
  "from a component to a custom resource and back": [
    () => { new Comp("c", {}, "probe:index:Thing"); },
    () => { thing("c"); },
    () => { new Comp("c", {}, "probe:index:Thing"); },
  ],
  "deletedWith": [
    () => { const a = thing("a"); thing("b", {}, { deletedWith: a }); const c = thing("c", {}, { retainOnDelete: true }); thing("d", {}, { deletedWith: c }); },
    () => { const a = thing("a", { kind: "y" }); thing("b", {}, { deletedWith: a }); },
    () => { const a = thing("a", { kind: "z" }, { deleteBeforeReplace: true }); thing("b", {}, { deletedWith: a }); },
    () => {},
  ],
  "resources that are only read": [
    () => { thing("a"); },
    () => { thing("a"); new Thing("r", { kind: "x" }, { id: "a-1" }); },
    () => { thing("a"); new Thing("r", { kind: "x" }, { id: "a-1" }); thing("b", { dep: new Thing("s", {}, { id: "a-1" }).serial }); },
    () => { thing("a"); new Thing("r", {}, { id: "missing" }); },
    () => { thing("a"); thing("r"); },
    () => { thing("a"); new Thing("r", {}, { id: "a-1" }); },
    () => { thing("a"); },
  ],
  "outputs of the stack": [
    () => ({ a: thing("a").id, s: pulumi.secret("x"), n: null, deep: { list: [1, pulumi.secret(2)] } }),
    () => ({ a: thing("a").id, c: 1, f: thing("f", { fail: true }).id }),
    () => { thing("a"); thing("f", { fail: true }); return { c: 1 }; },
    () => { throw new Error("no outputs"); },
    () => ({ only: 1 }),
  ],
  "secrets": [
    () => { const a = thing("a", { pw: pulumi.secret("one"), deep: { x: pulumi.secret("two") }, plain: "p" }); thing("b", { from: a.plain, pw: a.pw }, { additionalSecretOutputs: ["serial"] }); },
    () => { const a = thing("a", { pw: "one", deep: { x: pulumi.secret("two") }, plain: pulumi.secret("p") }); thing("b", { from: a.plain, pw: a.pw }); },
  ],
  "deletions that fail": [
    () => { const a = thing("a"); const b = thing("b", { dep: a.id }); thing("c", { dep: b.id }); thing("z"); },
    { do: "up", failDelete: ["b"], program: () => {} },
    { do: "up", program: () => {} },
  ],
  "refresh": [
    () => { const a = thing("a"); const b = thing("b", { dep: a.id }); thing("c", {}, { parent: b, dependsOn: a }); thing("u", { unsure: true }); new Thing("r", { kind: "x" }, { id: a.id }); new Comp("k"); },
    { do: "refresh", cloud: (cloud) => { cloud.get("a-1").size = 9; cloud.get("u-1").size = 3; cloud.delete("b-1"); } },
    { do: "refresh" },
    { do: "up", options: { refresh: true }, cloud: (cloud) => { cloud.get("a-1").kind = "q"; cloud.delete("c-1"); }, program: () => { const a = thing("a"); thing("b", { dep: a.id }); new Comp("k"); } },
    { do: "destroy", options: { refresh: true }, cloud: (cloud) => { cloud.delete("b-2"); } },
  ],
  "targets": [
    () => { const a = thing("a"); thing("b", { dep: a.id }); thing("c"); },
    { do: "up", options: { target: ["urn:pulumi:dev::proj::probe:index:Thing::a"] }, program: () => { const a = thing("a", { size: 2 }); thing("b", { dep: a.id, size: 2 }); thing("n"); } },
    { do: "up", options: { target: ["urn:pulumi:dev::proj::probe:index:Thing::m"] }, program: () => { const n = thing("n"); thing("m", { dep: n.id }); } },
    { do: "destroy", options: { target: ["urn:pulumi:dev::proj::probe:index:Thing::c"] } },
    { do: "up", options: { target: ["**::c"] }, program: () => { thing("c", { size: 1 }); } },
  ],
  "replacements that a person asks for": [
    () => { const a = thing("a", { size: 1, wantDefault: true }); thing("b", { dep: a.id }, { ignoreChanges: ["size"] }); },
    { do: "preview", options: { replace: ["urn:pulumi:dev::proj::probe:index:Thing::b"] }, program: () => { const a = thing("a", { size: 1, wantDefault: true }); thing("b", { dep: a.id, size: 3 }, { ignoreChanges: ["size"] }); } },
    { do: "up", options: { replace: ["urn:pulumi:dev::proj::probe:index:Thing::a", "**::b"] }, program: () => { const a = thing("a", { size: 1, wantDefault: true }); thing("b", { dep: a.id, size: 3 }, { ignoreChanges: ["size"] }); thing("n"); } },
    { do: "up", options: { replace: ["**::a"] }, program: () => { const a = thing("a", { size: 2, wantDefault: true }, { deleteBeforeReplace: true }); thing("b", { dep: a.id }); } },
    { do: "up", options: { replace: ["**::a", "**::b"], target: ["**::b"] }, program: () => { const a = thing("a", { size: 3 }, { protect: true }); thing("b", { dep: a.id }); } },
    { do: "up", options: { replace: ["**::a"] }, program: () => { const a = thing("a", { size: 3 }, { protect: true }); thing("b", { dep: a.id }); } },
    { do: "up", options: { replace: ["**::nobody"] }, program: () => { thing("a"); } },
  ],
  "going on after an error": [
    () => { const a = thing("a"); thing("b", { dep: a.id }); thing("old"); const p = thing("p"); thing("q", { dep: p.id }); },
    { do: "up", options: { continueOnError: true }, program: () => { const a = thing("a", { fail: true, size: 1 }); thing("b", { dep: a.id, size: 1 }); thing("n"); thing("q", { fail: true, size: 1 }); } },
  ],
  "unknown values in a preview": [
    { do: "preview", program: () => { const a = thing("a", { size: 1 }); const b = thing("b", { dep: a.id, size: a.serial }); new Comp("c").registerOutputs({ id: b.id }); return { id: b.id, size: a.size }; } },
    () => { const a = thing("a", { size: 1 }); thing("b", { dep: a.id, size: a.serial }); },
    { do: "preview", program: () => { const a = thing("a", { kind: "y" }); thing("b", { dep: a.id, size: a.serial }); thing("u", { unsure: true, dep: a.id }); } },
    { do: "preview", program: () => { const p = new Prov("p", {}); thing("a", {}, { provider: p }); } },
    { do: "destroy-preview" },
  ],
  "invokes": [
    async () => ({ r: (await pulumi.runtime.invoke("probe:index:fn", { a: 1 })).echo, s: pulumi.runtime.invokeOutput("probe:index:fn", { a: pulumi.secret("x") }) }),
  ],
};

(async () => {
  const provider = new RuleProvider(), recording = [];
  const port = cli ? await portOf(provider) : 0;
  const pulumiCommand = cli ? await auto.PulumiCommand.get({ skipVersionCheck: true })
    : await require(path.resolve(engine)).pulumiCommand({ probe: provider });
  for (const [rule, steps] of Object.entries(rules)) {
    if (only && !rule.includes(only)) continue;
    const dir = path.join(base, String(recording.length));
    for (const d of ["home", "state", "work"]) fs.mkdirSync(path.join(dir, d), { recursive: true });
    provider.reset();
    let program = async () => ({});
    const stack = await auto.LocalWorkspace.createOrSelectStack({ projectName: "proj", stackName: "dev", program: async () => program() },
      { workDir: `${dir}/work`, pulumiHome: `${dir}/home`, pulumiCommand, envVars: {
        PULUMI_CONFIG_PASSPHRASE: "p", PULUMI_BACKEND_URL: `file://${dir}/state`, PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DEBUG_PROVIDERS: `probe:${port}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } });
    for (const [i, step] of [...steps, { do: "destroy" }].entries()) {
      const s = typeof step === "function" ? { do: "up", program: step } : step;
      program = s.program ?? (() => {});
      provider.failDelete = s.failDelete;
      s.cloud?.(provider.cloud);
      provider.calls.length = 0;
      const ev = [], opts = { parallel: 1, ...s.options, onEvent: (e) => { if (e.diagnosticEvent?.severity !== "debug") ev.push(eventKey(e)); } };
      let res;
      try {
        if (s.do === "preview") res = { p: (await stack.preview(opts)).changeSummary };
        else if (s.do === "destroy-preview") res = { p: (await stack.previewDestroy(opts)).changeSummary };
        else if (s.do === "up") { const x = await stack.up(opts); res = { rc: x.summary.resourceChanges, out: x.outputs }; }
        else res = { rc: (await stack[s.do](opts)).summary.resourceChanges };
      } catch (e) { res = { err: e.name }; }
      recording.push({ rule, step: i, res: sorted(scrub(res)), state: normal(`${dir}/state/.pulumi/stacks/proj/dev.json`),
        calls: scrub(provider.calls.map(callLine)),
        cloud: [...provider.cloud.keys()].sort(), ev: scrub(ev) });
    }
  }
  fs.writeFileSync(out, `[\n${recording.map((step) => JSON.stringify(step)).join(",\n")}\n]\n`);
  fs.rmSync(base, { recursive: true, force: true });
  console.log(`${recording.length} steps recorded`);
  process.exit(0);
})().catch((e) => { console.error(e); process.exit(1); });
