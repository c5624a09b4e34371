// node planted.js FOLDER : a user's process that is careless with secrets, on the embedded engine. Everything it is told by the
// engine it prints or writes into FOLDER, and in the end it dies of an error that nobody caught.
"use strict";
const { appendFileSync, mkdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const pulumi = require("@pulumi/pulumi");
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const { embeddedEngine } = require("../../dist/engine");

const [folder] = process.argv.slice(2);
const planted = JSON.parse(readFileSync(0, "utf8"));
const secret = (value) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

let unreadable = false;
const provider = {
  version: "1.0.0",
  async create(urn, inputs) {
    const name = urn.split("::").pop();
    if (name === "quotes") throw new Error(`bad request: ${JSON.stringify(inputs)}`);
    const outs = {
      ...inputs,
      token: secret(planted.output),
      deep: { list: [secret({ inner: planted.nestedOutput })] },
    };
    const reasons = [`waiting for ${planted.output}`, `${planted.input} was not taken`];
    if (name === "partial") throw Object.assign(new Error(`${planted.input}?`), { id: "p", properties: outs, reasons });
    return { id: name, outs };
  },
  async update(_id, _urn, olds) {
    throw new Error(`while ${planted.output} was ${JSON.stringify(olds)}`);
  },
  async check(_urn, _olds, inputs) {
    const failures = inputs.refuse ? [{ property: "pw", reason: `${planted.input} is too short` }] : [];
    return { inputs, failures };
  },
  async read(id, _urn, props) {
    if (unreadable) throw new Error(`cannot read ${planted.nestedOutput}`);
    return { id, props };
  },
};

class Thing extends pulumi.CustomResource {
  constructor(name, args, options) {
    super("leaky:index:Thing", name, { token: undefined, ...args }, options);
  }
}

const inputs = (more) => {
  const config = new pulumi.Config();
  const pw = pulumi.secret(planted.input);
  return { pw, list: [{ word: config.requireSecret("word") }], data: config.requireSecretObject("data"), ...more };
};
const programs = {
  async good() {
    const config = new pulumi.Config();
    const made = new Thing("made", inputs({ size: 1 }), { additionalSecretOutputs: ["size"] });
    pulumi.log.warn(`the word is ${config.require("word")}, and in JSON ${JSON.stringify([config.require("word")])}`);
    return { all: made.pw, token: made.token, word: config.requireSecret("word") };
  },
  async throws() {
    throw new Error(`the program gives up on ${new pulumi.Config().require("word")}`);
  },
  async quotes() {
    return { id: new Thing("quotes", inputs()).id };
  },
  async partial() {
    return { id: new Thing("partial", inputs()).id };
  },
  async refused() {
    return { id: new Thing("refused", inputs({ refuse: true })).id };
  },
  async changed() {
    return { id: new Thing("made", inputs({ size: 2 })).id };
  },
};

async function main() {
  for (const name of ["state", "work", "home"]) mkdirSync(join(folder, name));
  const envVars = { PULUMI_BACKEND_URL: `file://${folder}/state`, PULUMI_CONFIG_PASSPHRASE: planted.passphrase };
  let program = programs.good;
  const stack = await LocalWorkspace.createStack(
    { projectName: "proj", stackName: "dev", program: () => program() },
    {
      workDir: join(folder, "work"),
      pulumiHome: join(folder, "home"),
      pulumiCommand: embeddedEngine({ providers: { leaky: provider } }),
      envVars,
    },
  );
  await stack.setConfig("word", { value: planted.config, secret: true });
  await stack.setConfig("data.list[0].pw", { value: planted.nestedConfig, secret: true }, true);
  const told = {
    onOutput: (text) => process.stdout.write(text),
    onError: (text) => process.stderr.write(text),
    onEvent: (event) => appendFileSync(join(folder, "events.log"), `${JSON.stringify(event)}\n`),
    diff: true,
  };
  let failed;
  const careless = (error) => {
    failed = error;
    console.error(error);
  };
  for (const [name, each] of Object.entries(programs)) {
    program = each;
    unreadable = each === programs.changed;
    console.log(`== ${name}`);
    const shown = ({ stdout, stderr }) => console.log(stdout, stderr);
    await stack.preview(told).then(shown, careless);
    await stack.up(told).then(shown, careless);
    await stack.refresh(told).then(shown, careless);
    for (const args of [
      ["stack", "export"],
      ["stack", "output", "--json"],
      ["stack", "history", "--json"],
      ["config"],
    ]) {
      console.log(await stack.workspace.pulumiCommand.run([...args, "--stack", "dev"], join(folder, "work"), envVars));
    }
  }
  await stack.destroy(told).then(({ stdout, stderr }) => console.log(stdout, stderr), careless);
  console.log("== the end");
  throw failed;
}
main();
