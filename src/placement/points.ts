/** Points of members on a ring of hashes, sorted. */
export interface Points {
  readonly points: Float64Array;
  /** The member of each point. Where points tie, the member first by name comes first. */
  readonly owners: Uint16Array;
  /** The first point at or clockwise of a position, as an index; round to 0 past the last one. */
  search(position: number): number;
}

/** Sorts points in [0, 2^bits) that are given member by member: `counts[m]` of them for member m. At least one in all. */
export function sortPoints(unsorted: Float64Array, counts: readonly number[], bits: number): Points {
  const ended = new Float64Array(unsorted.length + 1);
  const points = ended.subarray(0, -1);
  points.set(unsorted);
  points.sort();
  ended[points.length] = Number.POSITIVE_INFINITY;
  const find = searcher(ended, bits);
  return {
    points,
    owners: ownersOf(unsorted, find, counts),
    search: (position) => {
      const place = find(position);
      return place === points.length ? 0 : place;
    },
  };
}

/** Few enough points to look at one after the other. */
const FEW = 16;

/** How many top bits choose a bucket of points: one point a bucket or fewer; a quarter while the table stays in a cache. */
function bucketBitsFor(count: number): number {
  const enough = Math.ceil(Math.log2(count));
  return Math.max(Math.min(enough, 24), Math.min(enough + 2, 18));
}

/**
 * Finds the first of the sorted points that is at or clockwise of a position, as an index; that of the infinity at
 * their end past the last one. The top bits of a position lead to its bucket, so a search is about one step; a hash
 * that clusters may fill a bucket with many points, which are halved instead.
 */
function searcher(points: Float64Array, bits: number): (position: number) => number {
  const count = points.length - 1;
  const bucketBits = bucketBitsFor(count);
  const scale = 2 ** (bucketBits - bits);
  const starts = new Uint32Array(2 ** bucketBits + 1);
  for (let i = 0; i < count; i++) (starts[Math.floor((points[i] as number) * scale) + 1] as number)++;
  const most = starts.reduce((a, b) => Math.max(a, b));
  for (let b = 1; b < starts.length; b++) starts[b] = (starts[b] as number) + (starts[b - 1] as number);

  function look(position: number): number {
    let at = starts[Math.floor(position * scale)] as number;
    while ((points[at] as number) < position) at++;
    return at;
  }

  function halve(position: number): number {
    const bucket = Math.floor(position * scale);
    let from = starts[bucket] as number;
    let to = starts[bucket + 1] as number;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((points[middle] as number) < position) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  return most <= FEW ? look : halve;
}

function ownersOf(points: Float64Array, find: (position: number) => number, counts: readonly number[]): Uint16Array {
  const owners = new Uint16Array(points.length);
  const taken = new Uint8Array(points.length);
  let next = 0;
  counts.forEach((count, member) => {
    for (const end = next + count; next < end; next++) {
      let place = find(points[next] as number);
      while (taken[place] === 1) place++;
      taken[place] = 1;
      owners[place] = member;
    }
  });
  return owners;
}
