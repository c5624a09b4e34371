import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../config/errors";

/**
 * The outputs that a stack's last operation left; `{}` where there were none, undefined where there is no such stack.
 *
 * This is what a `StackReference` reads, without the resource, for two reasons: the read of a stack that is not there ends
 * the whole deployment before the program can say what to do about it, and the resource keeps *all* outputs of the
 * environment, other teams' secrets among them, in each team's state.
 */
export async function stackOutputs(stack: string): Promise<Record<string, unknown> | undefined> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  try {
    const answer: { outputs?: Record<string, unknown> } = await pulumi.runtime.invoke(
      "pulumi:pulumi:readStackOutputs",
      { name },
    );
    return answer.outputs ?? {};
  } catch (error) {
    // the engine has no code for it, only these words
    if (messageOf(error).includes("unknown stack")) return undefined;
    throw error;
  }
}
