import type { Checkpoint } from "./checkpoint";
import type { ResourceState, Urn } from "./types";

/** The same checkpoint under another stack name: every URN in it, and the Stack resource's own name. */
export function renameStackIn(
  checkpoint: Checkpoint,
  from: { project: string; stack: string },
  newName: string,
): Checkpoint {
  const prefix = `urn:pulumi:${from.stack}::`;
  const stackUrn = `${prefix}${from.project}::pulumi:pulumi:Stack::${from.project}-${from.stack}`;
  const rename = (urn: Urn): Urn => {
    const moved = urn.startsWith(prefix) ? `urn:pulumi:${newName}::${urn.slice(prefix.length)}` : urn;
    return urn === stackUrn ? moved.replace(/[^:]*$/, `${from.project}-${newName}`) : moved;
  };
  const maybe = (urn: Urn | undefined): Urn | undefined => urn && rename(urn);
  const change = (resource: ResourceState): ResourceState => ({
    ...resource,
    urn: rename(resource.urn),
    parent: maybe(resource.parent),
    provider: maybe(resource.provider),
    deletedWith: maybe(resource.deletedWith),
    dependencies: resource.dependencies?.map(rename),
    propertyDependencies:
      resource.propertyDependencies &&
      Object.fromEntries(
        Object.entries(resource.propertyDependencies).map(([key, urns]) => [key, (urns ?? []).map(rename)]),
      ),
  });
  return {
    ...checkpoint,
    resources: checkpoint.resources.map(change),
    pendingOperations: checkpoint.pendingOperations.map(({ resource, type }) => ({ resource: change(resource), type })),
  };
}
