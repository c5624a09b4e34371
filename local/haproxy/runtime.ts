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

/** HAProxy's own counters of each server, by "backend/server", then by its column names. */
export async function serverStats(socket: string): Promise<Map<string, Map<string, number>>> {
  const [head = "", ...lines] = (await command(socket, "show stat -1 4 -1")).split("\n");
  const names = head.replace(/^# /, "").split(",");
  return new Map(
    lines.map((line) => {
      const cells = line.split(",");
      return [`${cells[0]}/${cells[1]}`, new Map(names.map((name, i) => [name, Number(cells[i])]))];
    }),
  );
}
