import { circlePlacement } from "../circle.ts";
import { PlacementError } from "../error.ts";
import { hashText } from "../key.ts";
import type { Hash, Member, Policy } from "../types.ts";

/** About 100 MB of tables. Weights multiply the points, so a careless weight could ask for far more. */
const MAX_POINTS = 2 ** 22;

/** Every vnode's point, member by member. The `#` keeps server-1's vnode 11 apart from server-11's vnode 1. */
function vnodePoints(members: readonly Member[], hash: Hash, counts: readonly number[]): Float64Array {
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let next = 0;
  members.forEach(({ name }, m) => {
    for (let j = 0; j < (counts[m] as number); j++) points[next++] = hashText(hash, `${name}#${j}`);
  });
  return points;
}

/**
 * Finds the first of the sorted points that is at or clockwise of a position, as an index; `points.length` past
 * the last one. The top bits of a position lead to a bucket of about one point, so a search is about one step.
 */
function searcher(points: Float64Array, bits: number): (position: number) => number {
  const bucketBits = Math.min(24, Math.ceil(Math.log2(points.length)));
  const scale = 2 ** (bucketBits - bits);
  const starts = new Uint32Array(2 ** bucketBits + 1);
  for (const point of points) (starts[Math.floor(point * scale) + 1] as number)++;
  for (let b = 1; b < starts.length; b++) starts[b] = (starts[b] as number) + (starts[b - 1] as number);

  return (position) => {
    const bucket = Math.floor(position * scale);
    let from = starts[bucket] as number;
    let to = starts[bucket + 1] as number;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((points[middle] as number) < position) from = middle + 1;
      else to = middle;
    }
    return from;
  };
}

/** The member that owns each sorted point. Where points tie, the member first by name comes first. */
function ownersOf(points: Float64Array, search: (position: number) => number, counts: readonly number[]): Uint16Array {
  const owners = new Uint16Array(points.length);
  const taken = new Uint8Array(points.length);
  let next = 0;
  counts.forEach((count, member) => {
    for (const end = next + count; next < end; next++) {
      let place = search(points[next] as number);
      while (taken[place] === 1) place++;
      taken[place] = 1;
      owners[place] = member;
    }
  });
  return owners;
}

/**
 * Consistent hashing with virtual nodes (Karger et al., 1997): a server is `vnodes` points on a circle of hashes,
 * and a key goes to the next point clockwise.
 */
export const ring: Policy = {
  summary: "consistent hashing: vnodes points a server on a circle, the next one clockwise takes the key",
  keyed: true,
  hashed: true,
  weighted: true,
  options: {
    vnodes: { default: 160, min: 1, max: 10_000, help: "points on the ring for a server of weight 1" },
  },
  build(members, hash, options) {
    const vnodes = options.vnodes as number;
    const counts = members.map(({ weight }) => Math.max(1, Math.round(vnodes * weight)));
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total > MAX_POINTS) {
      throw new PlacementError(`The ring would have ${total} points, over ${MAX_POINTS}: lower vnodes or the weights.`);
    }
    const unsorted = vnodePoints(members, hash, counts);
    const points = unsorted.slice().sort();
    const search = searcher(points, hash.bits);
    const owners = ownersOf(unsorted, search, counts);
    return circlePlacement(members, owners, (key) => {
      const place = search(hashText(hash, key));
      return place === points.length ? 0 : place;
    });
  },
  /** The share of a server with v of the n·v uniform points is Beta(v, (n−1)·v); this is its sd over its mean. */
  expectedCv: (servers, options) => Math.sqrt((servers - 1) / (servers * (options.vnodes as number) + 1)),
};
