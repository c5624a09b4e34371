/** The provider as a plugin of the Pulumi CLI. */
import { main } from "@pulumi/pulumi/provider";
import { LocalProvider } from "./provider";

main(new LocalProvider(), process.argv.slice(2));
