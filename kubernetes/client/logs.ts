import { ApiFailure } from "./failure";
import type { ApiServer } from "./http";
import type { ObjectMeta } from "./objects";

/** The last lines of a pod's log, each with its time first. A pod that has not started has none. */
export async function podLog(server: ApiServer, { namespace, name }: ObjectMeta, lines: number): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`;
  const query = { tailLines: String(lines), timestamps: "true" };
  try {
    const text = await server.call<string>({ method: "GET", path, query, answer: "text" });
    return text.split("\n").filter((line) => line !== "");
  } catch (error) {
    // of a container that is not there yet, or a pod that went
    if (error instanceof ApiFailure && (error.status === 400 || error.status === 404)) return [];
    throw error;
  }
}
