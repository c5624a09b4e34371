/** HAProxy's runtime API: a line of commands on its socket, an answer, the end. */
import { connect } from "node:net";

const deadlineMs = 2000;

export function command(socket: string, line: string): Promise<string> {
  return new Promise((done, fail) => {
    const connection = connect(socket, () => connection.write(`${line}\n`));
    let text = "";
    connection.setTimeout(deadlineMs, () => connection.destroy(new Error(`HAProxy gave no answer to "${line}"`)));
    connection.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    connection.on("error", fail);
    connection.on("end", () => done(text.trim()));
  });
}

/** Runs commands of which each must answer nothing, as those that set something do. */
export async function set(socket: string, commands: string[]): Promise<void> {
  const answer = await command(socket, commands.join(";"));
  if (answer !== "") throw new Error(`HAProxy refused "${commands.join(";")}": ${answer}`);
}

/** Open connections by "backend/server". */
export async function openConnections(socket: string): Promise<Map<string, number>> {
  const lines = (await command(socket, "show stat -1 4 -1")).split("\n");
  const names = (lines[0] ?? "").replace(/^# /, "").split(",");
  const [backend, server, current] = ["pxname", "svname", "scur"].map((name) => names.indexOf(name));
  return new Map(
    lines.slice(1).map((line) => {
      const cells = line.split(",");
      return [`${cells[backend ?? -1]}/${cells[server ?? -1]}`, Number(cells[current ?? -1])];
    }),
  );
}
