/** Runs stack operations as they are asked for over IPC, in one process, from `dist`. Arguments: engine, project folder. */
const { mkdirSync } = require("node:fs");
const { join, resolve } = require("node:path");
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const { platformOf, switchyardProgram } = require("../../dist/components/index.js");

const [engine, folder] = process.argv.slice(2);
const providers = platformOf("local", "dev").providers();
const pulumiCommand =
  engine === "embedded" ? require("../../dist/engine/index.js").embeddedEngine({ providers }) : undefined;

const operations = {
  up: async (stack) => plain((await stack.up()).outputs),
  "up expecting no changes": async (stack) => plain((await stack.up({ expectNoChanges: true })).outputs),
  preview: async (stack) => (await stack.preview()).changeSummary,
  destroy: async (stack) => (await stack.destroy()).summary.result,
  outputs: async (stack) => plain(await stack.outputs()),
  export: (stack) => stack.exportStack(),
};
const plain = (outputs) => Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));

async function stackOf(stackName, config, environment) {
  const workDir = join(folder, "work", stackName);
  mkdirSync(workDir, { recursive: true });
  const plugins = { providers: [{ name: "switchyard-local", path: resolve("local/provider/plugin") }] };
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName, projectName: "switchyard", program: () => switchyardProgram({ projectDir: folder }) },
    {
      workDir,
      pulumiCommand,
      envVars: environment,
      projectSettings: { name: "switchyard", runtime: "nodejs", plugins },
    },
  );
  if (config === undefined) return stack;
  const old = Object.keys(await stack.getAllConfig());
  if (old.length > 0) await stack.removeAllConfig(old);
  const entries = Object.entries(config).map(([key, value]) => [
    `switchyard:${key}`,
    { value: JSON.stringify(value), secret: key === "secrets" },
  ]);
  if (entries.length > 0) await stack.setAllConfig(Object.fromEntries(entries));
  return stack;
}

process.on("message", async ({ operation, stackName, config, environment }) => {
  try {
    const stack = await stackOf(stackName, config, environment);
    process.send({ result: await operations[operation](stack) });
  } catch (error) {
    process.send({ error: error.message });
  }
});
