import { hostOption, hostText, normalWeights } from "../envoy-key.ts";
import { PlacementError } from "../error.ts";
import { lastLow, xxh64 } from "../hashes/xxh64.ts";
import { hashText } from "../key.ts";
import { sortPoints } from "../points.ts";
import type { Member, Policy, PolicyOptions } from "../types.ts";
import { roundSlots, walkPlacement } from "../walk.ts";

/** The most points that Envoy allows a ring. */
const MAX_SIZE = 8_388_608;

/** A ring's points in order of their 64 bits: the top 53, the low 11, and the member that owns each. */
export interface Ring {
  readonly tops: Float64Array;
  readonly lows: Uint16Array;
  readonly owners: Uint16Array;
}

/**
 * How many points each member has. The lightest gets a whole number, as many as fill a ring of `least` points;
 * running sums give the others theirs, whole only on the whole, so that the order given matters a little.
 */
function countPoints(weights: readonly number[], least: number, most: number): number[] {
  const lightest = Math.min(...weights);
  const scale = Math.min(Math.ceil(lightest * least) / lightest, most);
  let target = 0;
  let given = 0;
  return weights.map((weight) => {
    target += scale * weight;
    const before = given;
    while (given < target) given++;
    return given - before;
  });
}

/** The ring of `members`, whose points are the hashes of `host_0`, `host_1` and so on. */
export function buildRing(members: readonly Member[], options: PolicyOptions): Ring {
  if ((options.min as number) > (options.max as number)) {
    throw new PlacementError(
      `The options of envoy-ring are min=${options.min} and max=${options.max}: give min at most max.`,
    );
  }
  const counts = countPoints(normalWeights(members), options.min as number, options.max as number);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const [tops, lows, owners] = [new Float64Array(total), new Uint16Array(total), new Uint16Array(total)];
  let next = 0;
  members.forEach((member, m) => {
    const host = hostText(member, options);
    for (let j = 0; j < (counts[m] as number); j++) {
      tops[next] = hashText(xxh64, `${host}_${j}`);
      lows[next] = lastLow() & 0x7ff;
      owners[next++] = m;
    }
  });
  const order = Uint32Array.from(tops, (_, i) => i).sort(
    (a, b) => (tops[a] as number) - (tops[b] as number) || (lows[a] as number) - (lows[b] as number),
  );
  return {
    tops: Float64Array.from(order, (i) => tops[i] as number),
    lows: Uint16Array.from(order, (i) => lows[i] as number),
    owners: Uint16Array.from(order, (i) => owners[i] as number),
  };
}

/** Finds the place of the first point at or after a hash of 64 bits, given as its top 53 and low 11; 0 past the last. */
export function placeFinder({ tops, lows }: Ring): (top: number, low: number) => number {
  // Sorted as they are, by 64 bits, the tops need only the search.
  const { search } = sortPoints(tops, [tops.length], 53);
  return (top, low) => {
    let place = search(top);
    // Points that agree in the top 53 bits all but never are; they differ in the others.
    while (tops[place] === top && (lows[place] as number) < low) place++;
    return place === tops.length ? 0 : place;
  };
}

/**
 * What Envoy's `ring_hash` does with xxHash64, a hash policy of one value (the key given to select()) and the healthy
 * hosts `members`, in the order given. `accept` skips as its retry host predicate does, to the next point; a host
 * that Envoy holds to be unhealthy is off the ring, which may have another size then: leave it out of `members`.
 */
export const envoyRing: Policy = {
  summary: "Envoy's own ring_hash, exactly: xxHash64 points, at least 1024 in all",
  keyed: true,
  hashed: false,
  weighted: true,
  ordered: true,
  options: {
    min: { default: 1024, min: 1, max: MAX_SIZE, help: "points in all, at least: Envoy's minimum_ring_size" },
    max: { default: MAX_SIZE, min: 1, max: MAX_SIZE, help: "points in all, at most: Envoy's maximum_ring_size" },
    host: hostOption,
  },
  build(members, _hash, options) {
    const ring = buildRing(members, options);
    const find = placeFinder(ring);
    const start = (key: string): number => {
      const top = hashText(xxh64, key);
      return find(top, lastLow() & 0x7ff);
    };
    return walkPlacement(members, start, roundSlots(ring.owners));
  },
  ring(members, _hash, options) {
    const { tops, owners } = buildRing(members, options);
    const points = tops.map((top) => top / 2 ** xxh64.bits);
    return { points, owners, ends: points };
  },
  /** The share of a server with v of the n·v points, as on a ring; v fills the least size. */
  expectedCv: (servers, options) => {
    const points = Math.min(Math.ceil((options.min as number) / servers), (options.max as number) / servers);
    return Math.sqrt((servers - 1) / (servers * points + 1));
  },
};
