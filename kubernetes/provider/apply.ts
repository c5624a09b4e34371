/** Server-side apply, and what to do where a field belongs to somebody else. */
import { SwitchyardError } from "../../config/errors";
import { ApiFailure, type KubernetesObject, type Objects, referenceOf } from "../client";
import { annotations, describe } from "./object";

export interface Applying {
  objects: Objects;
  fieldManager: string;
  dryRun?: boolean;
}

/**
 * Another tool's fields are never taken (unless the object says `pulumi.com/patchForce`), and neither are those that a
 * controller sets. What a person changed by hand is drift, which the preview shows, and is put back.
 */
export async function applyObject(
  object: KubernetesObject,
  { objects, fieldManager, dryRun }: Applying,
): Promise<KubernetesObject> {
  const force = object.metadata.annotations?.[annotations.patchForce] === "true";
  const options = { fieldManager, ...(dryRun !== undefined && { dryRun }) };
  try {
    return await objects.apply(object, { ...options, force });
  } catch (error) {
    if (!isConflict(error)) throw error;
    const owners = await lastingOwners(objects, object, error);
    if (owners.length > 0) throw conflict(object, error, owners);
    return await objects.apply(object, { ...options, force: true });
  }
}

const isConflict = (error: unknown): error is ApiFailure =>
  error instanceof ApiFailure && error.causes.some(({ reason }) => reason === "FieldManagerConflict");

const managerIn = (message = ""): string => /conflict with "([^"]*)"/.exec(message)?.[1] ?? "";

/** Those among the conflict's managers that would set their field again: an apply of their own, or a controller's subresource. */
async function lastingOwners(objects: Objects, object: KubernetesObject, { causes }: ApiFailure): Promise<string[]> {
  const live = await objects.get(referenceOf(object));
  const managers = new Set(causes.map(({ message }) => managerIn(message)));
  const lasting = (live?.metadata.managedFields ?? []).filter(
    ({ operation, subresource }) => operation === "Apply" || (subresource !== undefined && subresource !== ""),
  );
  return [...managers].filter((name) => lasting.some(({ manager }) => manager === name));
}

function conflict(object: KubernetesObject, { causes }: ApiFailure, owners: string[]): SwitchyardError {
  const fields = causes.filter(({ message }) => owners.includes(managerIn(message))).map(({ field }) => field ?? "");
  return new SwitchyardError(
    "cluster-refused",
    `${describe(object)}: ${owners.join(", ")} owns ${[...new Set(fields)].join(", ")}`,
    {
      next: `Leave these fields to one of the two: take them out of the program, or make ${owners.join(", ")} give them up.`,
      facts: { owners, fields },
    },
  );
}

/** @returns why the object cannot be changed in place to what is wanted, by field; empty: it can. */
export async function immutableFields(object: KubernetesObject, applying: Applying): Promise<string[]> {
  try {
    await applyObject(object, { ...applying, dryRun: true });
    return [];
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 422) throw error;
    const fields = error.causes.filter(({ message = "" }) =>
      /immutable|updates to .* are forbidden|cannot change roleRef/.test(message),
    );
    if (fields.length === 0) throw error;
    return [...new Set(fields.map(({ field = "spec" }) => field.split(/[.[]/)[0] ?? field))];
  }
}
