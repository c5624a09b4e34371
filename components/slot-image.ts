import * as pulumi from "@pulumi/pulumi";
import type { ImageSpec, ReleaseResources } from "./platform";
import { type Transform, transformed } from "./transform";

export interface SlotImageArgs extends ImageSpec {
  platform: Required<Pick<ReleaseResources, "image">>;
  transform?: { image?: Transform<ImageSpec> };
}

/** A version's image, on platforms whose slots run images. On `local` a slot runs a directory, and none is registered. */
export class SlotImage extends pulumi.ComponentResource {
  /** The image by digest. */
  readonly image: pulumi.Output<string>;

  constructor(name: string, args: SlotImageArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:SlotImage", name, {}, options);
    this.image = createImage(this, name, args);
    this.registerOutputs({ image: this.image });
  }
}

function createImage(parent: SlotImage, name: string, args: SlotImageArgs): pulumi.Output<string> {
  const spec: ImageSpec = { team: args.team, slot: args.slot, version: args.version };
  return args.platform.image(name, ...transformed(args.transform?.image, spec, { parent }));
}
