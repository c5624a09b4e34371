import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openBackend, writeCheckpointText } from "../../engine/backend";
import { Checkpointer } from "../../engine/command/checkpointer";
import { StackKeys } from "../../engine/command/keys";
import { LockLostError } from "../../engine/failure";
import { openKey } from "../../engine/secrets";
import {
  diskForm,
  emptyCheckpoint,
  formatCheckpoint,
  mapResources,
  mapValues,
  parseCheckpoint,
} from "../../engine/state/checkpoint";
import { integrityViolation } from "../../engine/state/integrity";
import { openSecrets } from "../../engine/state/secretValues";
import type { ResourceState } from "../../engine/state/types";
import { Sandbox } from "./support";

const recordings = join(__dirname, "golden", "scripted");
const withoutCiphertexts = (text: string): string => text.replace(/"v1:[^":]*:[^":]*"/g, '"sealed"');

test("every checkpoint recorded from the real CLI is written back byte for byte, apart from nonces", async () => {
  const files = readdirSync(recordings).filter((name) => /^\d.*\.json$/.test(name) && !name.includes(".events."));
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) {
    const recorded = JSON.stringify(JSON.parse(readFileSync(join(recordings, file), "utf8")));
    const checkpoint = parseCheckpoint(recorded, file);
    expect(integrityViolation(checkpoint.resources)).toBeUndefined();
    const key = await openKey(checkpoint.saltText ?? "", "p");
    const opened = mapResources(checkpoint, (resource) =>
      mapValues(resource, (value) => openSecrets(value, key.decrypt)),
    );
    const written = formatCheckpoint(mapResources(opened, diskForm(key.encrypt)), "organization/proj/dev");
    // The time of the last write is the checkpointer's to set, so it is still the recorded one here.
    expect(withoutCiphertexts(written)).toBe(withoutCiphertexts(recorded));
  }
});

const urn = (name: string): string => `urn:pulumi:dev::proj::a:b:C::${name}`;
const thing = (name: string, more: Partial<ResourceState> = {}): ResourceState => ({
  urn: urn(name),
  custom: true,
  id: name,
  type: "a:b:C",
  ...more,
});

test.each([
  ["a parent that comes later", [thing("child", { parent: urn("p") }), thing("p")], "missing parent"],
  ["a dependency that is not there", [thing("x", { dependencies: [urn("gone")] })], "missing dependency"],
  [
    "a property's dependency that is not there",
    [thing("x", { propertyDependencies: { k: [urn("y")] } })],
    "missing dependency",
  ],
  ["a provider that is not there", [thing("x", { provider: `${urn("prov")}::id` })], "unknown provider"],
  ["two live resources of one URN", [thing("x"), thing("x")], "duplicate resource"],
  ["a component with an id", [thing("x", { custom: false })], "has an id"],
  ["a resource without type", [thing("x", { type: "" })], "has no type"],
])("state with %s is not sound", (_, resources, sentence) => {
  expect(integrityViolation(resources)).toContain(sentence);
});

test("a resource and its replacement that waits for deletion may share a URN", () => {
  expect(integrityViolation([thing("x"), thing("x", { delete: true })])).toBeUndefined();
});

describe("writing checkpoints", () => {
  let sandbox: Sandbox;
  let writes: number;
  let fence: () => void;
  let checkpointer: Checkpointer;
  const id = { project: "proj", stack: "dev" };
  const saved = (): string[] =>
    JSON.parse(sandbox.read("stacks", "proj", "dev.json")).checkpoint.latest.resources.map(
      (resource: ResourceState) => resource.id,
    );
  const snapshot = (...names: string[]): { resources: ResourceState[]; pendingOperations: never[] } => ({
    resources: names.map((name) => thing(name)),
    pendingOperations: [],
  });

  beforeEach(() => {
    sandbox = new Sandbox();
    writes = 0;
    fence = () => {
      writes += 0.5;
    };
    const backend = openBackend(sandbox.url, "/");
    const loaded = emptyCheckpoint();
    writeCheckpointText(backend, id, formatCheckpoint(loaded, "organization/proj/dev"));
    const project = {
      name: "proj",
      file: "",
      folder: "",
      runtime: "nodejs",
      configFolder: "",
      defaults: {},
      required: [],
    };
    checkpointer = new Checkpointer({
      target: { backend, id, project },
      keys: new StackKeys(
        () => "",
        undefined,
        () => undefined,
      ),
      loaded,
      fence: () => fence(),
      now: () => "2026-11-24T00:00:00.000Z",
    });
  });
  afterEach(() => sandbox.remove());

  test("saves asked for at once become one write of the newest", async () => {
    await Promise.all(
      [snapshot("a"), snapshot("a", "b"), snapshot("a", "b", "c")].map((each) => checkpointer.save(() => each)),
    );
    expect(saved()).toEqual(["a", "b", "c"]);
    expect(writes).toBe(1);
    await checkpointer.save(() => snapshot("a"));
    expect(saved()).toEqual(["a"]);
    expect(writes).toBe(2);
  });

  test("a save is answered only when what it asked for is on disk", async () => {
    await checkpointer.save(() => snapshot("a")).then(() => expect(saved()).toEqual(["a"]));
  });

  test("a lost lock fails the save and every later one, and the file stays as it was", async () => {
    await checkpointer.save(() => snapshot("a"));
    fence = () => {
      throw new LockLostError("dev");
    };
    for (const name of ["b", "c"]) await expect(checkpointer.save(() => snapshot(name))).rejects.toThrow(LockLostError);
    expect(saved()).toEqual(["a"]);
  });

  test("state that is not sound is still saved, and said to be so", async () => {
    const broken = { resources: [thing("x", { parent: urn("gone") })], pendingOperations: [] };
    await expect(checkpointer.save(() => broken)).rejects.toThrow("state was saved, but it contains errors");
    expect(saved()).toEqual(["x"]);
  });
});
