import { createPlacement, hashes, type Member, type Placement, parsePolicy } from "../../src/placement/index.ts";

/** server-1 … server-`count`, of weight 1. */
export const servers = (count: number): Member[] =>
  Array.from({ length: count }, (_, i) => ({ name: `server-${i + 1}`, weight: 1 }));

/** `count` different keys that look like clients. */
export const someKeys = (count: number): string[] => Array.from({ length: count }, (_, i) => `client-${i}`);

/** The placement that `policy` (as on the command line) builds with the default hash. */
export const placed = (policy: string, members: readonly Member[]): Placement =>
  createPlacement(parsePolicy(policy), hashes.xxh64, members);

/** The name of the server that takes `key`. */
export const ownerOf = (placement: Placement, key: string): string | undefined =>
  placement.members[placement.select(key)]?.name;

/** How many of `keys` each member takes, by index; what it has taken so far is its load. */
export function countKeys(placement: Placement, keys: readonly string[]): number[] {
  const counts = placement.members.map(() => 0);
  const load = (member: number): number => counts[member] ?? 0;
  for (const key of keys) {
    const owner = placement.select(key, undefined, load);
    counts[owner] = (counts[owner] ?? 0) + 1;
  }
  return counts;
}

/** Standard deviation over mean. */
export function cvOf(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  return Math.sqrt(variance) / mean;
}
