export { systemProbe } from "./system";
