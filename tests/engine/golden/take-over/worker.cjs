"use strict";
// fork("take-over/worker.cjs", [ENGINE]) : one engine in a process of its own, that works on whatever stack it is told to.
// ENGINE as for record.cjs. A message {dir, seed, i, op} does `op` ("up", "preview", "destroy", "look") with the generator's program
// for step `i` of a seed, on the stack in `dir`, whose cloud is a file in there. The answer is {res, state, cloud}, where `res` is
// {rc} (counts, in order of name) or {err} (an error's name).
const fs = require("fs"), path = require("path"), { createRequire } = require("module");
const auto = createRequire(process.cwd() + "/")("@pulumi/pulumi/automation");
const { ProbeProvider, randomOf, generate, program } = require("../programs.cjs");
const { normal, portOf } = require("../recording.cjs");
const [engine] = process.argv.slice(2), cli = engine === "cli";
const provider = new ProbeProvider();
const ready = (async () => ({
  port: cli ? await portOf(provider) : 0,
  pulumiCommand: cli ? await auto.PulumiCommand.get({ skipVersionCheck: true }) : await require(path.resolve(engine)).pulumiCommand({ probe: provider }),
}))();

const specsOf = (seed, i) => {
  const random = randomOf(seed * 7919);
  let specs;
  for (let n = 0; n <= i; n++) specs = generate(random);
  return specs;
};

async function perform({ dir, seed, i, op }) {
  const { port, pulumiCommand } = await ready, file = path.join(dir, "cloud.json");
  for (const d of ["home", "state", "work"]) fs.mkdirSync(path.join(dir, d), { recursive: true });
  const { cloud, created } = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : { cloud: [], created: {} };
  provider.cloud = new Map(cloud);
  provider.created = created;
  const answer = (res) => {
    const cloud = { cloud: [...provider.cloud], created: provider.created };
    fs.writeFileSync(file, JSON.stringify(cloud));
    return { res, state: normal(`${dir}/state/.pulumi/stacks/proj/dev.json`), cloud };
  };
  if (op === "look") return answer({});
  const specs = specsOf(seed, i);
  const stack = await auto.LocalWorkspace.createOrSelectStack({ projectName: "proj", stackName: "dev", program: () => program(specs)() },
    { workDir: `${dir}/work`, pulumiHome: `${dir}/home`, pulumiCommand, envVars: {
      PULUMI_CONFIG_PASSPHRASE: "p", PULUMI_BACKEND_URL: `file://${dir}/state`, PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_PROVIDERS: `probe:${port}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } });
  try {
    const done = await stack[op]({ parallel: 1 });
    return answer({ rc: Object.entries(done.changeSummary ?? done.summary.resourceChanges).sort() });
  } catch (e) {
    return answer({ err: e.name });
  }
}
process.on("message", (asked) => perform(asked).then((answer) => process.send(answer), (error) => { console.error(error); process.exit(1); }));
process.on("disconnect", () => process.exit(0));
