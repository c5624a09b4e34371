"use strict";
// A driver in a process of its own, on the compiled code. It takes calls as messages; with `at` it ends, stops or interrupts
// itself at one journal entry, after the entry is on disk and before anything else happens.
// many of them start in one test
require("node:module").enableCompileCache?.();
const automation = require("../../dist/automation");

const interruption = new AbortController();
const deeds = {
  kill: () => process.kill(process.pid, "SIGKILL"),
  stop: () => process.kill(process.pid, "SIGSTOP"),
  abort: () => interruption.abort(),
};

const matches = ({ do: _deed, afterMs: _later, ...at }, entry) =>
  Object.entries(at).every(([key, value]) => entry[key] === value || entry.data[key] === value);

const project = (dir) => {
  open[dir] ??= automation.openProject({ dir });
  return open[dir];
};
const open = {};

async function perform({ id, call, dir, args, at }) {
  const observer = {
    journal(entry) {
      process.send({ id, entry });
      if (!at || !matches(at, entry)) return;
      if (at.afterMs) setTimeout(deeds[at.do], at.afterMs);
      else deeds[at.do]();
    },
  };
  // `up` and `down` take the environment's name first, everything else one request
  const more = { observer, signal: interruption.signal };
  const request = typeof args[0] === "string" ? [args[0], { ...args[1], ...more }] : [{ ...args[0], ...more }];
  try {
    process.send({
      id,
      result: (await automation[call](project(dir), ...(call === "status" ? args : request))) ?? null,
    });
  } catch (thrown) {
    const { code = "not-a-switchyard-error", message, next, stack } = thrown;
    process.send({ id, error: { code, message, next, stack } });
  }
}

process.on("message", perform);
process.on("disconnect", () => process.exit());
process.send({ ready: true });
