/** Pieces of the resource types' schemas. */
import { isAbsolute } from "node:path";
import { z } from "zod";

export const absolutePath = z.string().refine(isAbsolute, "expected an absolute path");
/** Team, slot and target group names become parts of file names and URLs. */
export const name = z.string().regex(/^[a-z][a-z0-9-]{0,79}$/, "expected lower-case letters, digits and hyphens");
export const port = z.int().min(1).max(65535);
export const host = z.string().min(1);
export const milliseconds = z.number().min(0);
export const limits = z.strictObject({
  memoryMb: z.number().min(16).optional(),
  cpus: z.number().min(0.01).optional(),
});
/** Engines keep or drop nulls as they like. */
export const orNull = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
