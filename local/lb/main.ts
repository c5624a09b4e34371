/** `node dist/local/lb/main.js --runtime-dir DIR [--host 127.0.0.1] [--port 8080]`: the project's own load balancer. */
import { runDaemon } from "./control";
import { ProxyPlane } from "./proxy";

runDaemon(() => new ProxyPlane());
