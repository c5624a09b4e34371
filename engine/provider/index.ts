export { inProcessProviders } from "./inProcess";
