"use strict";
// The same file in both services, since each is exported and built alone: JSON over HTTP, versions in every answer,
// and a graceful end. It needs nothing but Node.
const http = require("node:http");
const behaviour = require("./behaviour");
const { version } = require("./version.json");

const environment = {
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? "127.0.0.1",
  commit: process.env.VERSION ?? null,
  slot: process.env.SLOT ?? null,
  team: process.env.TEAM ?? null,
};
const identity = { version, commit: environment.commit, slot: environment.slot, team: environment.team };
const bodyLimit = 64 * 1024;
const graceMs = 8_000;
let ending = false;

class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function send(response, status, body) {
  const text = typeof body === "string" ? body : JSON.stringify({ ...identity, ...body });
  response.writeHead(status, {
    "content-type": typeof body === "string" ? "text/plain" : "application/json",
    "content-length": Buffer.byteLength(text),
    "x-app-version": version,
    ...(ending ? { connection: "close" } : {}),
  });
  response.end(text);
}

async function readJson(request) {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) {
    text += chunk;
    if (text.length > bodyLimit) throw new HttpError(413, `the body is larger than ${bodyLimit} bytes`);
  }
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}

/**
 * `routes` maps "GET /path" to a function of {id, body} that returns [status, body]; a path's last segment may be ":id".
 * `health` lists the paths that only say how the service is; everything else counts as users' traffic.
 */
async function serve({ routes, health, onUpgrade, onEnd }) {
  const handlerOf = (method, path) => {
    const exact = routes[`${method} ${path}`];
    if (exact) return { handler: exact };
    const cut = path.lastIndexOf("/");
    return { handler: routes[`${method} ${path.slice(0, cut)}/:id`], id: decodeURIComponent(path.slice(cut + 1)) };
  };

  const answer = async (request, response) => {
    const path = request.url.split("?", 1)[0];
    if (health.includes(path)) return send(response, ...behaviour.health());
    const { handler, id } = handlerOf(request.method, path);
    if (!handler) throw new HttpError(404, `there is no ${request.method} ${path} here`);
    const body = request.method === "POST" ? await readJson(request) : undefined;
    const instead = await behaviour.answer();
    return send(response, ...(instead ?? (await handler({ id, body }))));
  };

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!error.status) console.error(error);
      if (!response.headersSent) send(response, error.status ?? 500, { error: error.message });
    });
  });
  // Longer than any load balancer keeps an idle connection, so that it is never the service that closes one under a request.
  server.keepAliveTimeout = 120_000;
  if (onUpgrade) server.on("upgrade", onUpgrade);

  process.on("SIGTERM", () => {
    console.log("SIGTERM: finishing open requests");
    ending = true;
    server.close(() => process.exit(0));
    onEnd?.();
    setTimeout(() => process.exit(0), graceMs).unref();
  });

  await behaviour.beforeListening();
  server.on("error", (error) => {
    console.error(`cannot listen on ${environment.host}:${environment.port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(environment.port, environment.host, () => {
    console.log(`${version} listens on http://${environment.host}:${server.address().port}`);
  });
}

module.exports = { serve, identity, environment, HttpError };
