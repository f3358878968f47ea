import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../config/address.ts";

/** A response that is an error: `reason` for programs, `message` for people. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Lets a request in, or throws a ControlError. `anyAddress` takes every IP address for `Host`: in a container the port
 * is reached by an address that is not loopback, and a rebound DNS name still is none.
 */
export function authorize(request: IncomingMessage, token: string, anyAddress: boolean): void {
  const { host, origin, authorization } = request.headers;
  if (!isOwnHost(host, anyAddress))
    throw new ControlError(403, "host", "Ask for the control port by its address or as localhost.");
  const site = request.headers["sec-fetch-site"];
  if (origin !== undefined || (site !== undefined && site !== "same-origin" && site !== "none"))
    throw new ControlError(403, "cross-site", "The control port does not serve web pages.");
  if (!sameSecret(authorization ?? "", `Bearer ${token}`))
    throw new ControlError(401, "token", "Send the fleet's token as 'Authorization: Bearer TOKEN'.");
}

function isOwnHost(field: string | undefined, anyAddress: boolean): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d+)?$/.exec(field ?? "");
  const host = match?.[1] ?? match?.[2]?.toLowerCase() ?? "";
  return isLoopback(host) || (anyAddress && isIP(host) !== 0);
}

/** Compares in a time that tells nothing of either: digests have one length. */
const sameSecret = (given: string, wanted: string): boolean => timingSafeEqual(sha256(given), sha256(wanted));

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
