/** What a target's certificate says. That it is valid and belongs to the host, TLS itself has checked by then. */
import type { PeerCertificate } from "node:tls";
import type { Result } from "../check";
import { result } from "./results";

export interface CertificateSpec {
  /** Fewer days until it ends are a warning. */
  warnDays?: number;
  /** SHA-256 of the only certificate that is right, in hexadecimal, with or without colons. */
  fingerprint?: string;
  /** Certificates to trust, as PEM, instead of the system's. */
  ca?: string;
}

const usualWarnDays = 14;
const dayMs = 86_400_000;

export function certificateResult(found: PeerCertificate, spec: CertificateSpec, at: number): Result {
  const { warnDays = usualWarnDays, fingerprint } = spec;
  if (fingerprint !== undefined && hex(found.fingerprint256) !== hex(fingerprint))
    return result("fail", `the certificate changed: its fingerprint is ${hex(found.fingerprint256)}`);
  const days = Math.floor((Date.parse(found.valid_to) - at) / dayMs);
  // a date that cannot be read is no evidence of a good certificate
  if (Number.isNaN(days)) return result("warn", `the certificate ends at ${found.valid_to}, which is no date`);
  const measured = [{ name: "certificate", value: days, unit: "d" }];
  if (days < warnDays) return result("warn", `the certificate ends in ${days} days`, measured);
  return result("pass", `the certificate is good for ${days} days`, measured);
}

const hex = (fingerprint: string): string => fingerprint.replaceAll(":", "").toLowerCase();
