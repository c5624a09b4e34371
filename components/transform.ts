import type * as pulumi from "@pulumi/pulumi";

/**
 * The way past a component, for one of its children: fields that replace what the component says, or a function that
 * changes fields and resource options in place.
 */
export type Transform<Spec> = Partial<Spec> | ((spec: Spec, options: pulumi.CustomResourceOptions) => void);

export function transformed<Spec extends object>(
  transform: Transform<Spec> | undefined,
  spec: Spec,
  options: pulumi.CustomResourceOptions,
): [Spec, pulumi.CustomResourceOptions] {
  if (transform === undefined) return [spec, options];
  const own = typeof transform === "function" ? { ...spec } : { ...spec, ...transform };
  const ownOptions = { ...options };
  if (typeof transform === "function") transform(own, ownOptions);
  return [own, ownOptions];
}
