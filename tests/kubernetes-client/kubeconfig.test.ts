import { delimiter, join } from "node:path";
import { clusterAccess } from "../../kubernetes/client";
import { configOf, ownFolder } from "./support";

const folder = ownFolder();
const base64 = (text: string) => Buffer.from(text).toString("base64");

test("the context that was asked for is taken, whichever is the current one", () => {
  const config = { ...configOf("https://a:6443/", { mine: { token: "t" }, other: {} }), "current-context": "other" };
  const kubeconfig = folder.write("current", config);
  expect(clusterAccess({ context: "mine", kubeconfig })).toEqual({
    context: "mine",
    server: "https://a:6443",
    namespace: "default",
    tls: { rejectUnauthorized: true },
    credentials: { kind: "token", token: "t" },
  });
});

test("of several files, the first that knows a name wins", () => {
  const first = folder.write("first", configOf("https://first", { mine: { token: "1" } }));
  const second = folder.write("second", configOf("https://second", { mine: { token: "2" }, more: { token: "3" } }));
  const kubeconfig = ["/nowhere", first, second].join(delimiter);
  expect(clusterAccess({ context: "mine", kubeconfig }).credentials).toEqual({ kind: "token", token: "1" });
  expect(clusterAccess({ context: "more", kubeconfig })).toMatchObject({
    server: "https://first",
    credentials: { token: "3" },
  });
});

test("certificates are read inline, or from files beside the kubeconfig", () => {
  folder.write("ca.pem", "the ca");
  folder.write("key.pem", "the key");
  const user = { "client-certificate-data": base64("the cert"), "client-key": "key.pem" };
  const kubeconfig = folder.write("certificates", {
    ...configOf("https://a", { mine: user }),
    clusters: [{ name: "cluster", cluster: { server: "https://a", "certificate-authority": "ca.pem" } }],
  });
  expect(clusterAccess({ context: "mine", kubeconfig })).toMatchObject({
    tls: { ca: "the ca" },
    credentials: { kind: "certificate", cert: "the cert", key: "the key" },
  });
});

test("a kubeconfig may be given as its text", () => {
  const text = `clusters: [{name: c, cluster: {server: "https://a"}}]\ncontexts: [{name: x, context: {cluster: c, user: u, namespace: n}}]\n`;
  expect(clusterAccess({ context: "x", kubeconfig: text })).toMatchObject({
    namespace: "n",
    credentials: { kind: "none" },
  });
});

test.each([
  ["nothing of that name", "nobody", /^There is no context "nobody" in .*good; it has mine, old\.$/],
  [
    "a way to log in that is gone",
    "old",
    /^Context old logs in by an auth-provider, which Kubernetes no longer supports: use exec or a token\.$/,
  ],
])("%s is said in one sentence", (_, context, sentence) => {
  const kubeconfig = folder.write(
    "good",
    configOf("https://a", { mine: {}, old: { "auth-provider": { name: "gcp" } } }),
  );
  expect(() => clusterAccess({ context, kubeconfig })).toThrow(
    expect.objectContaining({ code: "cluster-context", message: expect.stringMatching(sentence) }),
  );
});

test("no kubeconfig, one that is no YAML, and one that names a missing file are told apart", () => {
  const missing = join(folder.path, "missing");
  expect(() => clusterAccess({ context: "x", kubeconfig: missing })).toThrow(
    `There is no kubeconfig: ${missing} is not there.`,
  );
  const garbage = folder.write("garbage", "clusters: {a: [");
  expect(() => clusterAccess({ context: "x", kubeconfig: garbage })).toThrow(
    /^The kubeconfig .*garbage cannot be read: /,
  );
  const lost = folder.write(
    "lost",
    configOf("https://a", { mine: { "client-certificate": "gone.pem", "client-key": "gone.pem" } }),
  );
  expect(() => clusterAccess({ context: "mine", kubeconfig: lost })).toThrow(
    /^The kubeconfig names .*gone\.pem: .*ENOENT/,
  );
});
