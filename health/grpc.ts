/**
 * The two messages of `grpc.health.v1` in protobuf's encoding. There is one field in each, so that no generated code is
 * needed: request `string service = 1`, answer `ServingStatus status = 1`.
 */
export const healthPath = { check: "/grpc.health.v1.Health/Check", watch: "/grpc.health.v1.Health/Watch" } as const;

const servingStatuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
export type ServingStatus = (typeof servingStatuses)[number];

/** Longer names are nobody's. */
const longestName = 0x7f;

export function encodeRequest({ service }: { service: string }): Buffer {
  const name = Buffer.from(service, "utf8");
  if (name.length === 0) return Buffer.alloc(0);
  if (name.length > longestName) throw new RangeError(`a service's name has at most ${longestName} bytes`);
  return Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

/** Throws `RangeError` on what is no request. An object, since gRPC's server takes an empty text for no message at all. */
export function decodeRequest(bytes: Buffer): { service: string } {
  if (bytes.length === 0) return { service: "" };
  const [tag, length] = bytes;
  if (tag !== 0x0a || length === undefined || length > longestName || bytes.length !== length + 2)
    throw new RangeError("not a health check request");
  return { service: bytes.toString("utf8", 2) };
}

export const encodeStatus = (status: ServingStatus): Buffer =>
  status === "UNKNOWN" ? Buffer.alloc(0) : Buffer.from([0x08, servingStatuses.indexOf(status)]);

/** What cannot be read is `UNKNOWN`. */
export function decodeStatus(bytes: Buffer): ServingStatus {
  const [tag, value] = bytes;
  return (tag === 0x08 && value !== undefined && bytes.length === 2 && servingStatuses[value]) || "UNKNOWN";
}
