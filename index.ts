/** What `pulumi up -s dev` and `pulumi preview -s dev.ai-workflow` run. */
import { switchyardProgram } from "./components";

export = () => switchyardProgram();
