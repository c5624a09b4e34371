/** What `pulumi up -s dev` and `pulumi preview -s dev.ai-workflow` run, on whatever Node the Pulumi CLI finds. */
import { RunError } from "@pulumi/pulumi";

const oldestNode = 22;

export = () => {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    throw new RunError(
      `Switchyard needs Node ${oldestNode} or newer under the Pulumi CLI; this is Node ${process.versions.node}. ` +
        "Put a newer one first in PATH, for example with PATH=$PWD/node_modules/.bin:$PATH, which has the project's own.",
    );
  }
  // loaded only now: it uses modules that an older Node has not
  const { switchyardProgram } = require("./components") as typeof import("./components");
  return switchyardProgram();
};
