export { ProxyPlane } from "./plane";
