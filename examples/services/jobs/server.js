"use strict";
// The job service: workflows take their time (50 to 400 ms), so there are always requests in flight when traffic moves.
const { setTimeout: sleep } = require("node:timers/promises");
const { randomUUID } = require("node:crypto");
const { serve, HttpError } = require("./service");
const { features } = require("./version.json");

const kept = 1_000;
/** @type {Map<string, object>} the newest jobs, oldest first */
const jobs = new Map();
let running = 0;

function keep(job) {
  jobs.set(job.id, job);
  if (jobs.size > kept) jobs.delete(jobs.keys().next().value);
}

async function run({ body }) {
  const { task = "summarise", durationMs = 50 + Math.floor(Math.random() * 350) } = body;
  if (!Number.isFinite(durationMs) || durationMs < 0 || durationMs > 10_000) {
    throw new HttpError(422, "durationMs must be 0 to 10000");
  }
  running += 1;
  try {
    await sleep(durationMs);
  } finally {
    running -= 1;
  }
  const job = { id: randomUUID(), task, durationMs, state: "done", at: new Date().toISOString() };
  keep(job);
  return [201, job];
}

function find({ id }) {
  const job = jobs.get(id);
  if (!job) throw new HttpError(404, `there is no job ${id} in this slot`);
  return [200, job];
}

serve({
  health: ["/api/ai/health", "/api/workflow/status", "/api/agents/ping"],
  routes: {
    "POST /api/workflow/jobs": run,
    "GET /api/workflow/jobs": () => [200, { running, jobs: [...jobs.values()].slice(-20) }],
    "GET /api/workflow/jobs/:id": find,
    "GET /api/ai/models": () => [200, { models: ["small", "large"], features }],
  },
});
