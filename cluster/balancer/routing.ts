import { takesKey } from "./availability.ts";
import type { Unplaced } from "./unplaced.ts";
import type { Upstream } from "./upstream.ts";
import type { View } from "./view.ts";

/** A server for a request; none that is available; or none because the policy failed. */
export type Choosing = Upstream | "policy-failed" | null;

/** What a data plane asks and tells: where requests go, and what became of them there. */
export interface Routing {
  readonly view: View;
  /** The first available server for `key` that is not among `tried`. It never throws. */
  choose(key: string, tried: readonly Upstream[]): Choosing;
  /** A server has answered a request whole. */
  answered(upstream: Upstream): void;
  /** A request that was given to a server at `began` (`performance.now()`) failed there. */
  lost(upstream: Upstream, code: string, began: number): void;
  /** Takes the result of a check, or of a connection that was refused; `error` is null for a success. */
  checked(upstream: Upstream, error: string | null): void;
}

/**
 * The first available server of a view for `key` that is not among `tried`; null when there is none. It never throws:
 * where the policy does (one of the user's own), that costs this request and no other.
 */
export function chooseFrom(view: View, key: string, tried: readonly Upstream[], unplaced: Unplaced): Choosing {
  try {
    return select(view, key, tried);
  } catch (error) {
    unplaced.by(error);
    return "policy-failed";
  }
}

/** A server that came up lately is passed over for keys that it does not take yet, unless there is no other. */
function select(
  { placement, upstreams, usable, load, availability }: View,
  key: string,
  tried: readonly Upstream[],
): Upstream | null {
  const untried = (member: number): boolean => {
    const upstream = upstreams[member];
    return usable(member) && upstream !== undefined && !tried.includes(upstream);
  };
  const accept = tried.length === 0 ? usable : untried;
  if (availability.slowStartMs > 0 && performance.now() < availability.warmUntil) {
    const now = performance.now();
    const takes = (member: number): boolean =>
      accept(member) && takesKey(upstreams[member] as Upstream, key, availability.slowStartMs, now);
    const chosen = upstreams[placement.select(key, takes, load)];
    if (chosen !== undefined) return chosen;
  }
  return upstreams[placement.select(key, accept, load)] ?? null;
}
