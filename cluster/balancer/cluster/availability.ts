import type { Settings } from "../config/options.ts";
import { type Host, isUp, stateOf } from "./host.ts";

/** When a server that could be given requests is given none, or fewer; `options.ts` says more of each. */
export type AvailabilityOptions = Pick<Settings, "panicPercent" | "slowStartMs" | "maxInFlight">;

/** The options, and what they have come to by now. */
export interface Availability extends AvailabilityOptions {
  /** Until when some server takes fewer keys, in milliseconds of `performance.now()`. */
  slowStartUntil: number;
  /** Down servers are used too. */
  panic: boolean;
}

export const newAvailability = ({ panicPercent, slowStartMs, maxInFlight }: AvailabilityOptions): Availability => ({
  panicPercent,
  slowStartMs,
  maxInFlight,
  slowStartUntil: Number.NEGATIVE_INFINITY,
  panic: false,
});

/** A server came up, or joined those that were there, so long ago: it takes more keys each moment. */
export function beginSlowStart(availability: Availability, host: Host, agoMs = 0): void {
  host.upSince = performance.now() - agoMs;
  availability.slowStartUntil = Math.max(availability.slowStartUntil, host.upSince + availability.slowStartMs);
}

/** Whether a server can be given a request now. */
export const isAvailable = (host: Host, { maxInFlight }: AvailabilityOptions): boolean =>
  (stateOf(host) === "up" || (host.usedInPanic && !host.draining)) &&
  (maxInFlight === 0 || host.inFlight < maxInFlight);

/**
 * Whether a server that came up lately takes a key yet: it begins with a tenth of its keys, and has more of them each
 * moment, the same ones all along, so that a key goes to and fro once at most.
 */
export function takesKey({ upSince }: Host, key: string, slowStartMs: number, now: number): boolean {
  const age = now - upSince;
  return age >= slowStartMs || placeOf(key) < Math.max(0.1, age / slowStartMs);
}

/** A key's place in [0, 1): FNV-1a, finished as murmur3 does, so that alike keys lie apart. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * A server that refuses connections or does not respond at all is of no use: a panic uses only those that respond, be it
 * badly. That is narrower than Envoy's panic.
 */
const unanswering = /\b(E(CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL)|ENOTFOUND)\b|TIMEOUT/;

/** Whether what waits at a server that went down can go elsewhere: it is not used in panic, and another server is. */
export const isReplaced = (host: Host, hosts: readonly Host[]): boolean =>
  !host.usedInPanic && hosts.some((other) => !other.draining && (isUp(other) || other.usedInPanic));

/** Whether a server is to be used though it is down. */
export const isUsedInPanic = ({ panic }: Availability, host: Host): boolean =>
  panic && !isUp(host) && !unanswering.test(host.lastError ?? "");

/**
 * Marks the servers that are to be used though they are down, as Envoy's panic does: when fewer than `panicPercent` of
 * those that don't drain are up, and some are, so that what is left of them is not overrun. Returns whether that is
 * another thing than before.
 */
export function updatePanic(availability: Availability, hosts: readonly Host[]): boolean {
  const here = hosts.filter(({ draining }) => !draining);
  const up = here.filter(isUp).length;
  const before = availability.panic;
  availability.panic = up > 0 && up * 100 < here.length * availability.panicPercent;
  for (const host of hosts) host.usedInPanic = isUsedInPanic(availability, host);
  return availability.panic !== before;
}
