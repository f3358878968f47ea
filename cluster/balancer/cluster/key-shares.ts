import { createPlacement, createRing, keyShares, type Member, type Placement } from "../../../src/placement/index.ts";
import type { ClusterSnapshot } from "./snapshot.ts";

/** Sample keys for policies without a ring; fewer of them when the policy is slow, for the requests wait. */
const SAMPLES = 16_384;
const SAMPLE_MS = 20;

const known = new WeakMap<ClusterSnapshot, ReadonlyMap<string, number>>();

/**
 * Each server's share of the key space while all of them are up, from 0 to 1, by name: exact on a ring, measured over
 * sample keys elsewhere. Empty where no key decides, and where the policy fails.
 */
export function sharesOf(snapshot: ClusterSnapshot): ReadonlyMap<string, number> {
  let shares = known.get(snapshot);
  if (shares === undefined) {
    shares = reckon(snapshot);
    known.set(snapshot, shares);
  }
  return shares;
}

function reckon({ policy, hash, members }: ClusterSnapshot): ReadonlyMap<string, number> {
  if (members.length === 0 || !policy.policy.keyed) return new Map();
  try {
    const onRing = createRing(policy, hash, members);
    if (onRing !== null) return named(onRing.members, keyShares(onRing.ring, onRing.members.length));
    // A placement of its own: another's turns are not to be taken.
    const placement = createPlacement(policy, hash, members);
    return named(placement.members, sampled(placement));
  } catch {
    // A policy of the user's own may fail, and says so where it costs a request.
    return new Map();
  }
}

const named = (members: readonly Member[], shares: Float64Array): ReadonlyMap<string, number> =>
  new Map(members.map(({ name }, at) => [name, shares[at] ?? 0]));

function sampled(placement: Placement): Float64Array {
  const counts = new Float64Array(placement.members.length);
  const end = performance.now() + SAMPLE_MS;
  let keys = 0;
  for (; keys < SAMPLES && performance.now() < end; keys++) {
    const member = placement.select(`key-${keys}`);
    if (member >= 0) (counts[member] as number) += 1;
  }
  return counts.map((count) => count / keys);
}
