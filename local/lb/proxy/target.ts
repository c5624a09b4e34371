/** One target group while the load balancer runs: its connections, its health, its counters and its open WebSockets. */
import type { TargetGroupSpec } from "../../api";
import { HealthCheck, type SlotCounters } from "../slot";
import { Connections } from "./connections";

/** What a target group knows of a WebSocket that goes through it. */
export interface OpenTunnel {
  close(): void;
}

export class Target {
  connections: Connections;
  readonly tunnels = new Set<OpenTunnel>();
  readonly health: HealthCheck;
  /** Of this target group; the counters are of the slot, which may have had another target group before. */
  inFlight = 0;

  constructor(
    readonly name: string,
    public spec: TargetGroupSpec,
    readonly counters: SlotCounters,
  ) {
    this.connections = new Connections(spec.host, spec.port);
    this.health = new HealthCheck(spec);
  }

  /** Requests in flight end where they began; the next one goes to the new address. */
  update(spec: TargetGroupSpec): void {
    if (spec.host !== this.spec.host || spec.port !== this.spec.port) {
      this.connections.close();
      this.connections = new Connections(spec.host, spec.port);
    }
    this.spec = spec;
    this.health.update(spec);
  }

  close(): void {
    this.health.stop();
    this.connections.close();
  }
}
