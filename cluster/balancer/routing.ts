import type { Upstream } from "./upstream.ts";
import type { View } from "./view.ts";

/** What a data plane asks and tells: where requests go, and what became of them there. */
export interface Routing {
  readonly view: View;
  /** The first usable server for `key` that is not among `tried`; null when there is none. */
  choose(key: string, tried: readonly Upstream[]): Upstream | null;
  /** A server has answered a request whole. */
  answered(upstream: Upstream): void;
  /** A server had a request, from `began` on (`performance.now()`), and did not answer it. */
  lost(upstream: Upstream, code: string, began: number): void;
  /** Takes the result of a check, or of a connection that was refused; `error` is null for a success. */
  checked(upstream: Upstream, error: string | null): void;
}

/** The first usable server of a view for `key` that is not among `tried`; null when there is none. */
export function chooseFrom(
  { placement, upstreams, usable, load }: View,
  key: string,
  tried: readonly Upstream[],
): Upstream | null {
  if (tried.length === 0) return upstreams[placement.select(key, usable, load)] ?? null;
  const untried = (member: number): boolean => {
    const upstream = upstreams[member];
    return usable(member) && upstream !== undefined && !tried.includes(upstream);
  };
  return upstreams[placement.select(key, untried, load)] ?? null;
}
