"use strict";
// The project's own generator: programs that grow and change from step to step, as a user's do. `sequenceOf(seed)` gives the
// steps as plain data; `programOf(step)` makes a Pulumi program of one. The order of the draws is part of the recordings.
const { createRequire } = require("module");
const pulumi = createRequire(process.cwd() + "/")("@pulumi/pulumi");
const { ProbeProvider, Thing, randomOf } = require("../programs.cjs");

const nameOf = (urn) => urn.split("::").pop();
const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Its faults are its own and in no input, so that the same program meets a failing provider and then a sound one. */
class WideProvider extends ProbeProvider {
  async diff(id, urn, olds, news) {
    if (news.unsure) { this.calls.push(["diff", urn, olds, news]); return {}; }
    return { ...(await super.diff(id, urn, olds, news)), deleteBeforeReplace: !!news.first };
  }
  async create(urn, inputs) {
    await this.#fault("create", urn);
    const made = await super.create(urn, inputs);
    this.#partial(urn, made.id, made.outs);
    return made;
  }
  async update(id, urn, olds, news) {
    await this.#fault("update", urn);
    const { outs } = await super.update(id, urn, olds, news);
    this.#partial(urn, id, outs);
    return { outs };
  }
  async read(id, urn, props) {
    const found = await super.read(id, urn, props), { serial, ...inputs } = found.props;
    return inputs.reads ? { ...found, inputs } : found;
  }
  async delete(id, urn, props) {
    await this.#fault("delete", urn);
    return super.delete(id, urn, props);
  }
  async #fault(call, urn) {
    const { fail, abort } = this.faults ?? {};
    if (fail === nameOf(urn)) {
      this.calls.push([`failing ${call}`, urn]);
      throw new Error(`boom on ${call}`);
    }
    if (abort === nameOf(urn) && this.onAbort) { const abortNow = this.onAbort; this.onAbort = undefined; await abortNow(); }
  }
  #partial(urn, id, properties) {
    if (this.faults?.partial === nameOf(urn)) throw Object.assign(new Error("init failed"), { id, properties, reasons: ["not ready"] });
  }
}

class Gadget extends pulumi.CustomResource {
  constructor(name, args, opts) { super("probe:index:Gadget", name, { serial: undefined, ...args }, opts); }
}
class Comp extends pulumi.ComponentResource {
  constructor(type, name, opts) { super(type, name, {}, opts); }
}
class Prov extends pulumi.ProviderResource {
  constructor(name, args, opts) { super("probe", name, args, opts); }
}

const operations = [["up", 13], ["preview", 3], ["refresh", 4], ["refresh and up", 2], ["on and on", 2], ["only some", 1], ["preview of destroy", 1]];
const rounds = 7;

/** All steps of a sequence: what is done, to which program, with what faults and what drift of the cloud. */
function sequenceOf(seed) {
  const r = randomOf(seed * 7919 + 17), steps = [];
  const some = (p) => r() < p, pick = (list) => list[Math.floor(r() * list.length)];
  const world = { specs: [], provs: {}, config: {}, reference: some(0.3), outputs: 1 };
  let letter = 0, components = 0, reads = 0, changed;
  const things = () => world.specs.filter((s) => !s.comp && !s.read), customs = () => world.specs.filter((s) => !s.comp), comps = () => world.specs.filter((s) => s.comp);
  // Who depends on a component waits for all its children: it gets none after that, or a program could wait for itself.
  const open = () => comps().filter((s) => !s.closed);
  const close = (name) => { for (const s of comps()) if (s.n === name || s.parent === name) { if (s.n !== name) close(s.n); s.closed = true; } return name; };
  const before = (spec, list) => list.filter((other) => world.specs.indexOf(other) < world.specs.indexOf(spec)).map((s) => s.n);
  const weighted = (table) => { let x = r() * table.reduce((sum, [, w]) => sum + w, 0); return table.find(([, w]) => (x -= w) < 0)?.[0] ?? table[0][0]; };

  const within = (spec, name) => spec !== undefined && (spec.parent === name || within(world.specs.find((s) => s.n === spec.parent), name));

  const addThing = () => {
    const spec = { n: "abcdefghijklmnopqrstuvwxyz"[letter++ % 26] + (letter > 26 ? 2 : ""), type: "Thing", kind: "x", size: 1, map: { x: 1, y: 1 }, list: [1, 2], aliases: [] };
    world.specs.push(spec);
    if (some(0.35) && open().length) spec.parent = pick(open()).n;
    else if (some(0.25) && things().length > 1) spec.parent = pick(before(spec, things()));
    const others = before(spec, customs());
    if (some(0.6) && others.length) { spec.dep = pick(others); spec.depProp = some(0.5) ? "id" : "serial"; }
    const whole = comps().map((s) => s.n).filter((n) => !within(spec, n));
    if (some(0.2) && others.length) spec.on = some(0.5) && whole.length ? close(pick(whole)) : pick(others);
    if (some(0.2)) spec.unsure = true;
    if (some(0.25)) spec.reads = true;
    if (some(0.3)) spec.pw = some(0.6) ? "secret" : "plain";
    if (some(0.2)) spec.deep = some(0.6) ? "secret" : "plain";
    if (some(0.15)) spec.protect = true;
    if (some(0.12)) spec.retain = true;
    if (some(0.2) && others.length) spec.deletedWith = pick(others);
    if (world.reference && some(0.3)) spec.from = some(0.5) ? "host" : "pw";
    if (some(0.15)) spec.marked = true;
  };
  const addComponent = () => {
    const spec = { n: `part${++components}`, comp: true, type: "Comp", aliases: [] };
    if (some(0.5) && open().length) spec.parent = pick(open()).n;
    if (some(0.15)) spec.protect = true;
    world.specs.push(spec);
  };
  const addRead = () => {
    const spec = { n: `read${++reads}`, read: some(0.6) ? pick(["ext-1", "ext-1", "ext-2", "ext-3"]) : undefined, type: "Thing", aliases: [] };
    spec.of = !spec.read && things().length ? pick(things()).n : undefined;
    if (!spec.of) spec.read ??= "ext-1";
    else spec.read = "of";
    world.specs.push(spec);
  };
  const forget = (gone) => {
    world.specs = world.specs.filter((s) => s !== gone);
    for (const s of world.specs) {
      for (const link of ["dep", "on", "deletedWith"]) if (s[link] === gone.n) delete s[link];
      if (s.parent === gone.n) { delete s.parent; if (some(0.7)) s.aliases.push({ parent: gone.n, kept: gone }); }
      s.aliases = s.aliases.map((alias) => alias.parent === gone.n ? { ...alias, kept: gone } : alias);
    }
    for (const s of [...world.specs]) if (s.of === gone.n) forget(s);
  };
  const rename = (spec) => {
    const old = spec.n, next = old.replace(/[0-9]*$/, (digits) => Number(digits || 1) + 10);
    spec.aliases = [{ name: old }, ...(some(0.8) ? spec.aliases : [])];
    spec.n = next;
    for (const s of world.specs) {
      for (const link of ["dep", "on", "deletedWith", "parent", "of"]) if (s[link] === old) s[link] = next;
      s.aliases = s.aliases.map((alias) => alias.parent === old && !alias.kept ? { ...alias, parent: next } : alias);
    }
  };
  const reparent = (spec) => {
    const places = [undefined, ...before(spec, open())].filter((n) => n !== spec.parent);
    if (!places.length) return;
    const old = spec.parent;
    spec.parent = pick(places);
    spec.aliases = [old ? { parent: old } : { noParent: true }, ...(some(0.8) ? spec.aliases : [])];
  };
  const provider = () => {
    const names = Object.keys(world.provs), p = names.length && some(0.6) ? pick(names) : undefined;
    if (!p) { const n = names.length ? "q" : "p"; world.provs[n] ??= { region: "eu" }; for (const s of things()) if (some(0.3)) s.prov = n; for (const c of comps()) if (some(0.3)) c.prov = n; return; }
    weighted([
      [() => { world.provs[p].region = world.provs[p].region === "eu" ? "us" : "eu"; }, 3],
      [() => { world.provs[p].version = world.provs[p].version === "1.0.0" ? "1.1.0" : "1.0.0"; }, 2],
      [() => { world.provs[p].token = world.provs[p].token === "secret" ? "plain" : "secret"; }, 1],
      [() => { delete world.provs[p]; for (const s of world.specs) if (s.prov === p) delete s.prov; }, 2],
      [() => { const n = p + 2; world.provs = Object.fromEntries(Object.entries(world.provs).map(([k, v]) => k === p ? [n, { ...v, alias: p }] : [k, v])); for (const s of world.specs) if (s.prov === p) s.prov = n; }, 1],
    ])();
  };
  const onThing = (change) => () => { if (things().length) { const s = pick(things()); change(s); changed = s.n; } };
  const flip = (field, values) => onThing((s) => { const next = pick(values.filter((v) => v !== s[field])); if (next === undefined) delete s[field]; else s[field] = next; });
  const mutations = [
    [addThing, 5], [addComponent, 1], [addRead, 1],
    [() => { const s = pick(world.specs); if (s) forget(s); }, 4],
    [onThing((s) => { s.size++; }), 5],
    [flip("kind", ["x", "y", "z"]), 6],
    [onThing((s) => { s.map = { x: s.map.x + 1, ...(some(0.7) ? { y: 1 } : {}), ...(some(0.3) ? { z: 1 } : {}) }; }), 3],
    [onThing((s) => { s.list = some(0.5) ? s.list.map((n) => n + 1) : [...s.list, 9].slice(some(0.5) ? 0 : 1); }), 3],
    [flip("pw", ["secret", "plain", undefined]), 3],
    [flip("deep", ["secret", "plain", "inner", undefined]), 3],
    [flip("protect", [true, undefined]), 2],
    [flip("retain", [true, undefined]), 1],
    [onThing((s) => { s.kind = s.kind === "x" ? "y" : "x"; s.deleteFirst = some(0.8); }), 4],
    [onThing((s) => { s.kind = s.kind === "x" ? "y" : "x"; s.first = true; if (some(0.7)) delete s.deleteFirst; }), 3],
    [flip("deleteFirst", [true, false, undefined]), 1],
    [onThing((s) => { s.replaceOn = pick([["size"], ["map.x"], ["list[*].n"], ["*"], undefined]); s.unsure = true; s.size++; s.map = { ...s.map, x: s.map.x + 1 }; }), 4],
    [onThing((s) => { s.ignore = pick([["size"], ["map.x", "kind"], ["list[*].n"], ["list[0].n", "map"], ["list[2].n"], ["deep.hidden"], undefined]); if (some(0.5)) s.list = [...s.list, 7]; }), 4],
    [onThing((s) => { if (world.specs.some((o) => [o.parent, o.of].includes(s.n))) return; s.read = pick([`${s.n}-1`, "ext-1"]); }), 1],
    [() => { const s = pick(world.specs.filter((o) => o.read && !o.of && o.kind)); if (s) delete s.read; }, 2],
    [onThing((s) => { const others = before(s, customs()); if (others.length) s.deletedWith = pick(others); }), 2],
    [onThing((s) => { const others = before(s, customs()); s.dep = others.length ? pick(others) : undefined; s.depProp = "serial"; }), 2],
    [() => { if (world.specs.length) { const s = pick(world.specs); if (!s.read) rename(s); } }, 4],
    [() => { if (comps().length) rename(pick(comps())); }, 1],
    [onThing((s) => { const old = s.type; s.type = old === "Thing" ? "Gadget" : "Thing"; s.aliases = [{ type: old }, ...s.aliases]; }), 2],
    [() => { if (comps().length) { const s = pick(comps()), old = s.type; s.type = old === "Comp" ? "Other" : "Comp"; s.aliases = [{ type: old }, ...s.aliases]; } }, 1],
    [() => { if (world.specs.length) { const s = pick(world.specs); if (!s.read) reparent(s); } }, 3],
    [onThing((s) => { s.aliases = []; }), 1],
    [provider, 4],
    [onThing((s) => { s.version = pick(["1.0.0", "1.1.0", undefined].filter((v) => v !== s.version)); }), 2],
    [() => { world.config["probe:region"] = world.config["probe:region"] === "eu" ? "us" : "eu"; }, 1],
    [() => { world.outputs++; }, 1],
  ];
  const faultsOf = () => {
    if (some(0.5)) return {};
    const name = (some(0.5) ? changed : pick(customs())?.n) ?? pick(customs())?.n;
    return weighted([
      [{ fail: name }, 7], [{ partial: name }, 4], [{ abort: name }, 4], [{ throws: "early" }, 1], [{ throws: "late" }, 2], [{ twice: pick(things())?.n }, 2], [{ logs: true }, 1],
    ]);
  };
  const driftOf = () => Array.from({ length: 1 + Math.floor(r() * 2) }, () => ({ at: r(), how: pick(["size", "size", "kind", "gone", "gone"]) }));

  for (let i = 0; i < rounds; i++) {
    const what = i === 0 ? "up" : weighted(operations);
    const changes = i === 0 ? 0 : 3 + Math.floor(r() * 3);
    if (i === 0) { for (let k = 0; k < 2; k++) if (some(0.7)) addComponent(); for (let k = 0; k < 5; k++) addThing(); if (some(0.3)) provider(); }
    else if (what !== "refresh") for (let k = 0; k < changes; k++) weighted(mutations)();
    const step = { do: what, world: structuredClone(world), faults: faultsOf(), drift: what.includes("refresh") ? driftOf() : [] };
    if (what === "only some") step.targets = [pick(things())?.n ?? "a"];
    steps.push(step);
  }
  if (some(0.7)) {
    for (const s of world.specs) delete s.protect;
    steps.push({ do: "up", world: structuredClone(world), faults: {}, drift: [] });
  }
  steps.push({ do: "destroy", world, faults: some(0.2) ? faultsOf() : {}, drift: [] });
  return steps;
}

/** Changes the cloud behind the engine's back. */
function letDrift(cloud, drift) {
  for (const { at, how } of drift) {
    const ids = [...cloud.keys()].sort(), id = ids[Math.floor(at * ids.length)];
    if (id === undefined) continue;
    if (how === "gone") cloud.delete(id);
    else cloud.set(id, { ...cloud.get(id), ...(how === "size" ? { size: 99 } : { kind: "drifted" }) });
  }
}

const prefix = "urn:pulumi:dev::proj::";
const componentType = (type) => `my:app:${type}`;
/** The URN that a spec had; its parents may be gone by now. */
function urnOf(spec, specs) {
  const types = [];
  for (let s = spec; s; s = specs.find((other) => other.n === s.parent) ?? undefined) types.unshift(s.comp ? componentType(s.type) : `probe:index:${s.type}`);
  return `${prefix}${types.join("$")}::${spec.n}`;
}

const programOf = ({ world, faults }) => async () => {
  const { specs, provs, reference, outputs } = world, made = {}, provMade = {};
  if (faults.throws === "early") throw new Error("thrown early");
  for (const [n, { region, version, token, alias }] of Object.entries(provs)) {
    provMade[n] = new Prov(n, { region, ...(token ? { token: token === "secret" ? pulumi.secret("t") : "t" } : {}) }, { version, aliases: alias ? [{ name: alias }] : undefined });
  }
  const other = reference ? new pulumi.StackReference("organization/other/prod") : undefined;
  if (faults.logs) pulumi.log.error("this is bad");
  const aliasOf = ({ name, type, parent, noParent, kept }, { comp }) => ({
    ...(name ? { name } : {}), ...(type ? { type: comp ? componentType(type) : `probe:index:${type}` } : {}),
    ...(noParent ? { parent: pulumi.rootStackResource } : {}), ...(parent ? { parent: made[parent] ?? urnOf(kept ?? { n: parent, comp: true, type: "Comp" }, specs) } : {}),
  });
  for (const s of specs) {
    const opts = {
      parent: made[s.parent], protect: s.protect, aliases: s.aliases.map((alias) => aliasOf(alias, s)),
    };
    if (s.comp) {
      made[s.n] = new Comp(componentType(s.type), s.n, { ...opts, providers: s.prov ? [provMade[s.prov]] : undefined });
      continue;
    }
    if (s.read) {
      made[s.n] = new Thing(s.n, {}, { ...opts, id: s.read === "of" ? made[s.of].id : s.read });
      continue;
    }
    const args = {
      kind: s.kind, size: s.size, map: s.map, list: s.list.map((n) => ({ n })),
      ...(s.pw ? { pw: s.pw === "secret" ? pulumi.secret("word") : "word" } : {}),
      ...(s.deep ? { deep: s.deep === "inner" ? pulumi.secret({ hidden: pulumi.secret("h"), open: 1 }) : { hidden: s.deep === "secret" ? pulumi.secret("h") : "h", open: 1 } } : {}),
      ...(s.dep ? { dep: made[s.dep][s.depProp] } : {}),
      ...(s.from ? { from: other.getOutput(s.from) } : {}),
      ...(s.unsure ? { unsure: true } : {}), ...(s.first ? { first: true } : {}), ...(s.reads ? { reads: true } : {}),
    };
    const Type = s.type === "Thing" ? Thing : Gadget;
    const make = () => new Type(s.n, args, {
      ...opts, dependsOn: s.on ? [made[s.on]] : undefined, retainOnDelete: s.retain, deletedWith: made[s.deletedWith], deleteBeforeReplace: s.deleteFirst,
      replaceOnChanges: s.replaceOn, ignoreChanges: s.ignore, provider: provMade[s.prov], version: s.version, additionalSecretOutputs: s.marked ? ["serial"] : undefined,
    });
    made[s.n] = make();
    if (faults.twice === s.n) make();
  }
  for (const s of specs) if (s.comp) made[s.n].registerOutputs({ children: specs.filter((child) => child.parent === s.n).length });
  if (faults.throws === "late") {
    await new Promise((resolve) => pulumi.all(Object.values(made).map(({ urn }) => urn)).apply(resolve));
    throw new Error("thrown late");
  }
  const ids = Object.entries(made).filter(([, resource]) => resource.id).slice(0, 3).map(([n, { id }]) => [n, id]);
  return { ...Object.fromEntries(ids), version: outputs, ...(outputs % 2 ? { hidden: pulumi.secret(outputs) } : {}) };
};

module.exports = { WideProvider, sequenceOf, programOf, letDrift, delay };
