import { createPlacement, createRing } from "./index.ts";
import { hashText } from "./key.ts";
import type { PolicySpec } from "./spec.ts";
import type { Hash, Member } from "./types.ts";

/** How a key comes to its server. */
export interface Explanation {
  /** What the key is hashed to, once: a whole number in [0, 2^bits). Null where the policy does not choose by one hash of the key. */
  readonly hash: { readonly name: string; readonly value: number; readonly bits: number } | null;
  /** Where that is on the ring, and the next point clockwise, as fractions of the ring; null where the policy has no such ring. */
  readonly ring: { readonly place: number; readonly point: number; readonly server: string } | null;
}

/** Returns a function that explains keys, under a policy whose placement of these members can be (else it throws a PlacementError). */
export function explainer(policy: PolicySpec, hash: Hash, members: readonly Member[]): (key: string) => Explanation {
  const { byHash } = createPlacement(policy, hash, members);
  const found = members.length === 0 ? null : createRing(policy, hash, members);
  return (key) => {
    if (byHash === undefined) return { hash: null, ring: null };
    const { name, bits } = byHash.hash;
    const value = hashText(byHash.hash, key);
    return { hash: { name, value, bits }, ring: found && pointAfter(value / 2 ** bits, found) };
  };
}

/** Null on a ring whose keys do not go to the next point clockwise. */
function pointAfter(
  place: number,
  { ring: { points, ends, owners }, members }: NonNullable<ReturnType<typeof createRing>>,
): Explanation["ring"] {
  if (points !== ends) return null;
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] as number) < place) low = middle + 1;
    else high = middle;
  }
  const at = low === points.length ? 0 : low;
  const server = members[owners[at] as number]?.name ?? "";
  return { place, point: points[at] as number, server };
}
