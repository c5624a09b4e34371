import type * as pulumi from "@pulumi/pulumi";
import type { TeamSettings } from "../../../config/settings";

/** A team's namespace, for what is in it: unlike the namespace itself, nothing of it is protected. */
export interface Within {
  settings: TeamSettings;
  namespace: string;
  options: pulumi.CustomResourceOptions;
}
