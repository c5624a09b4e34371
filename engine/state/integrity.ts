import type { ResourceState, Urn } from "./types";

/**
 * What every Pulumi engine demands of a list of resources; a list that breaks it is refused by the CLI too.
 * @returns the first violation as a sentence; undefined: sound.
 */
export function integrityViolation(resources: ResourceState[]): string | undefined {
  const seen = new Set<Urn>();
  const live = new Set<Urn>();
  const providers = new Set<string>();
  for (const resource of resources) {
    const violation = violationOf(resource, seen, providers);
    if (violation !== undefined) return violation;
    if (!resource.delete && live.has(resource.urn)) {
      return `duplicate resource ${resource.urn} (not marked for deletion)`;
    }
    if (!resource.delete) live.add(resource.urn);
    seen.add(resource.urn);
    if (resource.type.startsWith("pulumi:providers:")) providers.add(`${resource.urn}::${resource.id ?? ""}`);
  }
  return undefined;
}

function violationOf(resource: ResourceState, seen: Set<Urn>, providers: Set<string>): string | undefined {
  const { urn } = resource;
  if (!urn) return "a resource has no URN";
  if (!resource.type) return `resource ${urn} has no type`;
  if (!resource.custom && resource.id) return `resource ${urn} has an id though it is not a custom resource`;
  if (resource.provider && !resource.pendingReplacement && !providers.has(resource.provider)) {
    return `resource ${urn} refers to unknown provider ${resource.provider}`;
  }
  const missing = (reference: Urn | undefined): boolean => Boolean(reference) && !seen.has(reference ?? "");
  if (missing(resource.parent)) return `child resource ${urn} refers to missing parent ${resource.parent}`;
  if (missing(resource.deletedWith)) {
    return `resource ${urn} refers to missing resource ${resource.deletedWith} that it is deleted with`;
  }
  const dependencies = [
    ...(resource.dependencies ?? []),
    ...Object.values(resource.propertyDependencies ?? {}).flatMap((urns) => urns ?? []),
  ];
  const lost = dependencies.find(missing);
  return lost === undefined ? undefined : `resource ${urn} refers to missing dependency ${lost}`;
}
