import type { Points } from "./points.ts";
import type { Circle, Member, Placement } from "./types.ts";
import { walkPlacement } from "./walk.ts";

/**
 * A placement over slots in a circle: a key's candidates are the owners met clockwise from its slot, each once.
 * Members that own no slot come last, in order of name. `owners` holds an index into `members` for each slot.
 */
export function circlePlacement(
  members: readonly Member[],
  owners: Uint16Array,
  slotOf: (key: string) => number,
): Placement {
  const steps = owners.length;
  return walkPlacement(members, {
    steps,
    start: slotOf,
    at: (slot, step) => owners[slot + step < steps ? slot + step : slot + step - steps] as number,
  });
}

/** The circle of points in [0, 2^bits) of which each takes the keys from the point before it up to its own. */
export function clockwiseCircle({ points, owners }: Points, bits: number): Circle {
  const places = points.map((point) => point / 2 ** bits);
  return { points: places, owners, ends: places };
}

/** Each member's share of the circle: its arcs. They sum to 1. */
export function arcShares({ owners, ends }: Circle, members: number): Float64Array {
  const shares = new Float64Array(members);
  let before = (ends[ends.length - 1] as number) - 1;
  ends.forEach((end, i) => {
    const owner = owners[i] as number;
    shares[owner] = (shares[owner] as number) + end - before;
    before = end;
  });
  return shares;
}

/** Each member's share of the keys: that of the circle, unless keys land on some places of it only. */
export function keyShares(circle: Circle, members: number): Float64Array {
  const { owners, ends, landings } = circle;
  if (landings === undefined) return arcShares(circle, members);
  const shares = new Float64Array(members);
  let place = 0;
  for (const landing of landings.toSorted()) {
    while (place < ends.length && (ends[place] as number) <= landing) place++;
    const owner = owners[place === ends.length ? 0 : place] as number;
    shares[owner] = (shares[owner] as number) + 1 / landings.length;
  }
  return shares;
}
