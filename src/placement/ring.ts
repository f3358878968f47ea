import type { Points } from "./points.ts";
import type { Hash, Ring } from "./types.ts";

/** The ring of a hash's points, of which each takes the keys from the point before it up to its own. */
export function clockwiseRing({ points, owners }: Points, { bits, values }: Pick<Hash, "bits" | "values">): Ring {
  const places = points.map((point) => point / 2 ** bits);
  const landings = values && { landings: Float64Array.from(values, (value) => value / 2 ** bits) };
  return { points: places, owners, ends: places, ...landings };
}

/** Each member's share of the ring: its arcs. They sum to 1. */
export function arcShares({ owners, ends }: Ring, members: number): Float64Array {
  const shares = new Float64Array(members);
  let before = (ends[ends.length - 1] as number) - 1;
  ends.forEach((end, i) => {
    const owner = owners[i] as number;
    shares[owner] = (shares[owner] as number) + end - before;
    before = end;
  });
  return shares;
}

/** Each member's share of the keys: that of the ring, unless keys land on some places of it only. */
export function keyShares(ring: Ring, members: number): Float64Array {
  const { owners, ends, landings } = ring;
  if (landings === undefined) return arcShares(ring, members);
  const shares = new Float64Array(members);
  let place = 0;
  for (const landing of landings.toSorted()) {
    while (place < ends.length && (ends[place] as number) < landing) place++;
    const owner = owners[place === ends.length ? 0 : place] as number;
    shares[owner] = (shares[owner] as number) + 1 / landings.length;
  }
  return shares;
}
