import type { Accept, Load, Member, Placement } from "./types.ts";

/**
 * The most load that a server of `weight` may have of `total`, shared by `weights` in all: at most `percent` of its
 * share, rounded up. One division of whole numbers: 1.1 · 10 would be a hair over 11, and its ceiling 12.
 */
export function loadCap(percent: number, total: number, weight: number, weights: number): number {
  return Math.ceil((percent * total * weight) / (100 * weights));
}

/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016): accepts only members whose load is
 * below the cap ⌈percent/100 · m/n⌉, for m the load of all that `accept` takes and the new request, and n their number;
 * with weights, a member's cap is its share by weight. One of them is always below its cap, for the caps sum to over m.
 * What is returned is the same function each time, good until the next call, so that a choice allocates nothing.
 */
export function boundedAccept(members: readonly Member[], percent: number): (load: Load, accept?: Accept) => Accept {
  const weights = Float64Array.from(members, ({ weight }) => weight);
  const everyone: Accept = () => true;
  let taken = everyone;
  let loadOf: Load = () => 0;
  let total = 0;
  let weight = 0;
  const below: Accept = (m) => taken(m) && loadOf(m) < loadCap(percent, total, weights[m] as number, weight);

  return (load, accept = everyone) => {
    taken = accept;
    loadOf = load;
    total = 1;
    weight = 0;
    for (let m = 0; m < weights.length; m++) {
      if (!accept(m)) continue;
      total += load(m);
      weight += weights[m] as number;
    }
    return below;
  };
}

/** A placement whose choices keep below the cap of boundedAccept, where the load is given. */
export function boundedPlacement(placement: Placement, percent: number): Placement {
  const bound = boundedAccept(placement.members, percent);
  return {
    members: placement.members,
    select: (key, accept, load) => placement.select(key, load === undefined ? accept : bound(load, accept)),
    candidates: placement.candidates,
  };
}
