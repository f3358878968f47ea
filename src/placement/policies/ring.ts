import { boundedPlacement } from "../bounded.ts";
import { PlacementError } from "../error.ts";
import { hashPoint } from "../key.ts";
import { type Points, sortPoints } from "../points.ts";
import { clockwiseRing } from "../ring.ts";
import type { Hash, Member, Policy } from "../types.ts";
import { hashedWalk, roundSlots } from "../walk.ts";

/** About 100 MB of tables. Weights multiply the points, so a careless weight could ask for far more. */
const MAX_POINTS = 2 ** 22;

/**
 * The ring itself: `vnodes` points for a server of weight 1. The `#` of a vnode's name keeps server-1's vnode 11 apart
 * from server-11's vnode 1. Throws a PlacementError for more points than is sane.
 */
export function ringPoints(members: readonly Member[], hash: Hash, vnodes: number): Points {
  const counts = members.map(({ weight }) => Math.max(1, Math.round(vnodes * weight)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > MAX_POINTS) {
    throw new PlacementError(`The ring would have ${total} points, over ${MAX_POINTS}: lower vnodes or the weights.`);
  }
  const points = new Float64Array(total);
  let next = 0;
  members.forEach(({ name }, m) => {
    for (let j = 0; j < (counts[m] as number); j++) points[next++] = hashPoint(hash, name, `#${j}`, j);
  });
  return sortPoints(points, counts, hash.bits);
}

/**
 * Consistent hashing with virtual nodes (Karger et al., 1997): a server is `vnodes` points on a ring of hashes,
 * and a key goes to the next point clockwise. With `bounded`, servers at their cap of the live load are passed over.
 */
export const ring: Policy = {
  summary: "consistent hashing: vnodes points a server on a ring, the next one clockwise takes the key",
  keyed: true,
  hashed: true,
  weighted: true,
  options: {
    vnodes: { default: 160, min: 1, max: 10_000, help: "points on the ring for a server of weight 1" },
    bounded: {
      default: 0,
      min: 0,
      max: 100_000,
      help: "the most load a server may have, in percent of the mean, for example 125; 0 for no bound",
      check: (value) => (value === 0 || value > 100 ? null : "give over 100, or 0 for no bound"),
    },
  },
  build(members, hash, options) {
    const { owners, search } = ringPoints(members, hash, options.vnodes as number);
    const placement = hashedWalk(members, hash, search, roundSlots(owners));
    const bounded = options.bounded as number;
    return bounded === 0 ? placement : boundedPlacement(placement, bounded);
  },
  ring: (members, hash, options) => clockwiseRing(ringPoints(members, hash, options.vnodes as number), hash),
  /**
   * The share of a server with v of the n·v uniform points is Beta(v, (n−1)·v); this is its sd over its mean. What a
   * bound then cuts off depends on the load.
   */
  expectedCv: (servers, options) =>
    options.bounded === 0 || options.bounded === undefined
      ? Math.sqrt((servers - 1) / (servers * (options.vnodes as number) + 1))
      : null,
};
