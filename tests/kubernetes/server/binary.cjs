"use strict";
/**
 * The real Kubernetes API server for tests: one program with etcd, kube-apiserver and a few controllers, built by `go` from the
 * published modules, and beside it the definitions of the custom resources that the components use. Kept in the user's cache
 * under the hash of these sources, so that it is built once. Plain JavaScript: `.ci/run` builds before anything is installed.
 *
 *   node tests/kubernetes/server/binary.cjs           builds what is not there yet and prints the folder
 *   node tests/kubernetes/server/binary.cjs --check   prints the folder, or fails where nothing is built
 */
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } = require("node:fs");
const { homedir } = require("node:os");
const { basename, join } = require("node:path");

const sources = ["go.mod", "go.sum", "main.go", "binary.cjs"];
const [major, minor, patch] = [1, 37, 2];
const version = "k8s.io/component-base/version";
const flags = [
  ...["-s", "-w", "-X", `${version}.gitVersion=v${major}.${minor}.${patch}`],
  ...["-X", `${version}.gitMajor=${major}`, "-X", `${version}.gitMinor=${minor}`],
];

const definitions = [
  ...["gatewayclasses", "gateways", "httproutes"].map((kind) => ({
    module: "sigs.k8s.io/gateway-api@v1.6.3",
    file: `config/crd/standard/gateway.networking.k8s.io_${kind}.yaml`,
  })),
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    file: "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
  },
];

/** Where the built server is, or will be. */
function folder() {
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(join(__dirname, name)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "switchyard", "kubernetes-server", hash.digest("hex").slice(0, 16));
}

const isBuilt = () => existsSync(folder());

/** Builds aside and moves into place, so that two builds at once do not disturb each other. Throws where `go` is missing or fails. */
function build() {
  const target = folder();
  if (isBuilt()) return target;
  mkdirSync(join(target, ".."), { recursive: true });
  const draft = mkdtempSync(`${target}.`);
  const go = (args) => {
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" };
    return execFileSync("go", args, { cwd: __dirname, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  };
  try {
    go(["build", "-trimpath", `-ldflags=${flags.join(" ")}`, "-o", join(draft, "kubernetes"), "."]);
    mkdirSync(join(draft, "definitions"));
    for (const { module, file } of definitions) {
      const { Dir } = JSON.parse(go(["mod", "download", "-json", module]));
      cpSync(join(Dir, file), join(draft, "definitions", basename(file)));
    }
    if (!isBuilt()) renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}

module.exports = { build };

if (require.main === module) {
  if (process.argv[2] === "--check" && !isBuilt()) {
    console.error("the Kubernetes API server is not built: run `npm run test:kubernetes`, which needs `go`");
    process.exitCode = 1;
  } else {
    console.log(build());
  }
}
