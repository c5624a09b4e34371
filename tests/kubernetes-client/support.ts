import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

/** A folder for the files of one test. */
export function ownFolder(): { path: string; write(name: string, content: string | object, mode?: number): string } {
  const path = mkdtempSync(join(tmpdir(), "switchyard-kubeconfig-"));
  afterAll(() => rmSync(path, { recursive: true }));
  return {
    path,
    write(name, content, mode = 0o600) {
      const file = join(path, name);
      writeFileSync(file, typeof content === "string" ? content : stringify(content), { mode });
      return file;
    },
  };
}

/** A kubeconfig with one context of each of these users, by the user's name. */
export const configOf = (server: string, users: Record<string, object>): object => ({
  clusters: [{ name: "cluster", cluster: { server } }],
  users: Object.entries(users).map(([name, user]) => ({ name, user })),
  contexts: Object.keys(users).map((name) => ({ name, context: { cluster: "cluster", user: name } })),
});

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}

/** Stands for an API server: gives these answers in their order, the last one for ever, and tells what it was asked. */
export async function apiServer(
  answers: Answer[],
  port = 0,
): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server: Server = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    const { status, headers = {}, body = {} } = answers[Math.min(asked.length, answers.length) - 1] ?? { status: 500 };
    request.resume().on("end", () => response.writeHead(status, headers).end(JSON.stringify(body)));
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    asked,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
