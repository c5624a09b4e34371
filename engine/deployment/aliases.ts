import type { Urn } from "../state/types";
import type { Goal } from "./goal";
import { makeUrn, parseUrn } from "./urn";

/**
 * Every URN under which a resource may be in the old state, most likely first.
 * @param renamed the old URN of each resource of this run that was found by an alias.
 */
export function oldNames(urn: Urn, goal: Goal, renamed: ReadonlyMap<Urn, Urn>): Urn[] {
  const { stack, project } = parseUrn(urn);
  const names = goal.aliases.flatMap((alias): Urn[] => {
    if ("urn" in alias) return [alias.urn];
    const oldParent = renamed.get(alias.parent);
    const parents = oldParent === undefined ? [alias.parent] : [oldParent, alias.parent];
    return parents.map((parent) =>
      makeUrn(alias.stack || stack, alias.project || project, parent, alias.type, alias.name),
    );
  });
  const oldParent = renamed.get(goal.parent);
  if (oldParent !== undefined) names.push(...inherited(goal, oldParent, [urn, ...names]));
  return [...new Set(names)].filter((name) => name !== urn);
}

/** A child of a renamed parent was renamed with it, also where its name begins with the parent's. */
function inherited({ parent }: Goal, oldParent: Urn, names: Urn[]): Urn[] {
  const { name: parentName } = parseUrn(parent);
  const { stack, project, name: oldParentName } = parseUrn(oldParent);
  return names.map((urn) => {
    const { type, name } = parseUrn(urn);
    const oldName = name.startsWith(parentName) ? oldParentName + name.slice(parentName.length) : name;
    return makeUrn(stack, project, oldParent, type, oldName);
  });
}
