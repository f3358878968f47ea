import type { Accept, Load, Member, Placement } from "./types.ts";

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
  let numerator = 0;
  let denominator = 1;

  // One division of whole numbers: 1.1 · 10 would be a hair over 11, and its ceiling 12.
  const below: Accept = (m) => taken(m) && loadOf(m) < Math.ceil((numerator * (weights[m] as number)) / denominator);

  return (load, accept = everyone) => {
    let total = 1;
    let weight = 0;
    for (let m = 0; m < weights.length; m++) {
      if (!accept(m)) continue;
      total += load(m);
      weight += weights[m] as number;
    }
    [taken, loadOf, numerator, denominator] = [accept, load, percent * total, 100 * weight];
    return below;
  };
}

/** A placement whose choices keep below the cap of boundedAccept, where they are told the load. */
export function boundedPlacement(placement: Placement, percent: number): Placement {
  const bound = boundedAccept(placement.members, percent);
  return {
    members: placement.members,
    select: (key, accept, load) => placement.select(key, load === undefined ? accept : bound(load, accept)),
    candidates: placement.candidates,
  };
}
