import type { Placement } from "../placement/index.ts";
import type { Hit } from "../results/hit.ts";

/** What the hits of a burst add up to. */
export interface Tally {
  ok: number;
  failed: number;
  /** Requests that the balancer sent to more than one server. */
  retried: number;
  /** Answers by the server that gave them; servers that gave none are there with 0. */
  readonly servers: Record<string, number>;
  readonly statuses: Record<string, number>;
  readonly errors: Record<string, number>;
  readonly agreement: { checked: number; matched: number };
}

/** Where a key should go: the name of a server, null where the policy leaves that open. */
export type Expected = (key: string) => string | null;

/**
 * Predicts where the balancer sends keys, with the balancer's own placement code. `usable` says which servers took
 * requests when the burst began.
 */
export function prediction(placement: Placement, usable: (name: string) => boolean): Expected {
  const accept = placement.members.map(({ name }) => usable(name));
  return (key) => placement.members[placement.select(key, (member) => accept[member] === true)]?.name ?? null;
}

/** An empty tally of these servers. */
export const emptyTally = (servers: readonly string[]): Tally => ({
  ok: 0,
  failed: 0,
  retried: 0,
  servers: Object.fromEntries(servers.map((name) => [name, 0])),
  statuses: {},
  errors: {},
  agreement: { checked: 0, matched: 0 },
});

/** Adds one hit to a tally, in place. `expected` is null for a policy that chooses without looking at the key. */
export function count(tally: Tally, hit: Hit, expected: Expected | null): void {
  if (hit.error === null) tally.ok++;
  else add(tally.errors, hit.error);
  if (hit.error !== null) tally.failed++;
  if (hit.status > 0) add(tally.statuses, String(hit.status));
  if (hit.attempts > 1) tally.retried++;
  if (hit.server === null) return;
  add(tally.servers, hit.server);
  if (!expected) return;
  tally.agreement.checked++;
  if (expected(hit.key) === hit.server) tally.agreement.matched++;
}

const add = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};
