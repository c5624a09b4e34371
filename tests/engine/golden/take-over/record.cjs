"use strict";
// node take-over/record.cjs OUT.json FIRST_SEED SEQUENCES : what the real CLI writes in each step of random sequences, as it is on
// disk, and what it would do next with the same program: what another engine has to find and to go on from.
const fs = require("fs"), os = require("os"), path = require("path"), { fork } = require("child_process");
const [out, firstSeed, sequences] = process.argv.slice(2), rounds = 5;
const ask = (worker, message) => new Promise((resolve) => { worker.once("message", resolve); worker.send(message); });
const started = () => fork(path.join(__dirname, "worker.cjs"), ["cli"]);
const advisory = (key, value) => ["created", "modified", "sourcePosition", "stackTrace"].includes(key) ? undefined : value;

(async () => {
  const recording = [];
  let worker = started();
  for (let seed = +firstSeed; seed < +firstSeed + +sequences; seed++) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), "take-over-"));
    const read = (file) => fs.readFileSync(path.join(dir, file), "utf8");
    for (let i = 0; i < rounds; i++) {
      const { res: step, cloud } = await ask(worker, { dir, seed, i, op: "up" });
      // A program of a failed step stays behind in its process and can disturb the next one there.
      if (step.err) { worker.disconnect(); worker = started(); }
      const { res: next } = await ask(worker, { dir, seed, i, op: "preview" });
      if (next.err) { worker.disconnect(); worker = started(); }
      recording.push({ seed, i, step, next, settings: read("work/Pulumi.dev.yaml"), cloud,
        checkpoint: JSON.parse(read("state/.pulumi/stacks/proj/dev.json"), advisory) });
    }
    fs.rmSync(dir, { recursive: true });
  }
  worker.disconnect();
  fs.writeFileSync(out, `[\n${recording.map((step) => JSON.stringify(step)).join(",\n")}\n]\n`);
  console.log(`${recording.length} steps recorded`);
})().catch((e) => { console.error(e); process.exit(1); });
