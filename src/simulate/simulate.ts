import type { Member, Placement } from "../placement/index.ts";
import type { KeySource } from "../workload/key-source.ts";

/** Where each key went. */
export interface Owners {
  /** Sorted by name, as in the placement. */
  readonly members: readonly Member[];
  /** For each key, an index into `members`. */
  readonly owners: Uint16Array;
  /** For each member, how many keys it has. */
  readonly counts: Float64Array;
}

/**
 * Sends every key through the placement, which has at least one member. No request ever ends here, so a member's load
 * is the keys that it has so far. Two bytes a key; `sweep` keeps none.
 */
export function simulate(placement: Placement, keys: KeySource): Owners {
  const owners = new Uint16Array(keys.count);
  const counts = new Float64Array(placement.members.length);
  const load = (member: number): number => counts[member] as number;
  for (let index = 0; index < keys.count; index++) {
    const owner = placement.select(keys.key(index), undefined, load);
    owners[index] = owner;
    (counts[owner] as number)++;
  }
  return { members: placement.members, owners, counts };
}

/** For each member of `before`, its index among `after` by name; −1 where it has left. */
export function sameNames(before: readonly Member[], after: readonly Member[]): Int32Array {
  const indices = new Map(after.map(({ name }, index) => [name, index]));
  return Int32Array.from(before, ({ name }) => indices.get(name) ?? -1);
}

/** The fraction of keys, from 0 to 1, whose server has another name after than before. Both are of the same keys. */
export function movedBetween(before: Owners, after: Owners): number {
  const same = sameNames(before.members, after.members);
  let moved = 0;
  before.owners.forEach((owner, index) => {
    if (same[owner] !== after.owners[index]) moved++;
  });
  return before.owners.length === 0 ? 0 : moved / before.owners.length;
}
