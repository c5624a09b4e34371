"use strict";
// What players have in common: states, values and events without what differs between two runs of one engine.
const fs = require("fs"), { createRequire } = require("module");
const { main: serve } = createRequire(process.cwd() + "/")("@pulumi/pulumi/provider/server");

const scrub = (v) => JSON.parse(JSON.stringify(v)
  .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID").replace(/"v1:[^"]*"/g, '"C"'));
const sorted = (v) => v && typeof v === "object" ? Array.isArray(v) ? v.map(sorted) : Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v;
const plain = ({ created, modified, sourcePosition, stackTrace, dependencies, ...kept }) => dependencies ? { ...kept, dependencies: [...dependencies].sort() } : kept;
/** A checkpoint file as [resources, pending operations]. */
const normal = (file) => {
  const latest = JSON.parse(fs.readFileSync(file)).checkpoint.latest;
  return sorted(scrub([(latest.resources ?? []).map(plain), (latest.pending_operations ?? []).map(({ resource, type }) => ({ resource: plain(resource), type }))]));
};
const eventKey = (e) => {
  const kind = Object.keys(e).find((k) => !["sequence", "timestamp"].includes(k)), v = e[kind];
  if (v.metadata) return `${kind} ${v.metadata.op} ${v.metadata.urn.split("::").slice(2).join("::")} keys=${v.metadata.keys ?? ""} ${v.metadata.logical ? "logical" : ""} ${v.metadata.old ? "old" : "-"} ${v.metadata.new ? "new" : "-"}${v.status !== undefined ? ` status=${v.status} steps=${v.steps}` : ""}${v.planning ? " planning" : ""}`;
  if (kind === "diagnosticEvent") return `${kind} ${v.severity} ${v.urn ?? ""} ${v.prefix}${v.message.includes("\n    at ") ? v.message.split("\n")[0] : v.message}`;
  if (kind === "summaryEvent") return `${kind} ${JSON.stringify(Object.entries(v.resourceChanges).sort())} ${v.result} corrupt=${v.maybeCorrupt} preview=${v.isPreview}`;
  return kind;
};
/** One line a provider call, without ids: they show in the cloud. */
const callLine = ([op, urn, ...args]) => `${op} ${urn.split("::").pop()} ${JSON.stringify(args.map(sorted))}`;
/** Serves a provider for the CLI to attach to, once a process; the SDK prints the port. */
const portOf = async (provider) => {
  const log = console.log; let port;
  console.log = (s) => { port = Number(s); };
  try { await serve(provider, []); } finally { console.log = log; }
  return port;
};

module.exports = { scrub, sorted, normal, eventKey, callLine, portOf };
