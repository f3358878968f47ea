import { performance } from "node:perf_hooks";
import { takesKey } from "./availability.ts";
import type { Host } from "./host.ts";
import type { PlacementFailures } from "./placement-failures.ts";
import type { ClusterSnapshot } from "./snapshot.ts";

/** A server for a request; none that is available; or none because the policy failed. */
export type HostChoice = Host | "policy-failed" | null;

/** What a data plane asks and tells: where requests go, and what became of them there. */
export interface HostSelection {
  readonly snapshot: ClusterSnapshot;
  /** The first available server for `key` that is not among `tried`. It never throws. */
  chooseHost(key: string, tried: readonly Host[]): HostChoice;
  /** Called when a response of the server is complete. */
  recordSuccess(host: Host): void;
  /** A request that was given to a server at `began` (`performance.now()`) failed there. */
  recordFailure(host: Host, code: string, began: number): void;
  /** Takes the result of a check, or of a connection that was refused; `error` is null for a success. */
  recordCheck(host: Host, error: string | null): void;
}

/**
 * The first available server of a snapshot for `key` that is not among `tried`; null when there is none. It never throws:
 * where the policy does (one of the user's own), that costs this request and no other.
 */
export function chooseHost(
  snapshot: ClusterSnapshot,
  key: string,
  tried: readonly Host[],
  placementFailures: PlacementFailures,
): HostChoice {
  try {
    return select(snapshot, key, tried);
  } catch (error) {
    placementFailures.record(error);
    return "policy-failed";
  }
}

/** A server that came up lately is passed over for keys that it does not take yet, unless there is no other. */
function select(
  { placement, hosts, usable, load, availability }: ClusterSnapshot,
  key: string,
  tried: readonly Host[],
): Host | null {
  const untried = (member: number): boolean => {
    const host = hosts[member];
    return usable(member) && host !== undefined && !tried.includes(host);
  };
  const accept = tried.length === 0 ? usable : untried;
  if (availability.slowStartMs > 0 && performance.now() < availability.slowStartUntil) {
    const now = performance.now();
    const takes = (member: number): boolean =>
      accept(member) && takesKey(hosts[member] as Host, key, availability.slowStartMs, now);
    const chosen = hosts[placement.select(key, takes, load)];
    if (chosen !== undefined) return chosen;
  }
  return hosts[placement.select(key, accept, load)] ?? null;
}
