/** Points of members on a circle of hashes, sorted. */
export interface Points {
  readonly points: Float64Array;
  /** The member of each point. Where points tie, the member first by name comes first. */
  readonly owners: Uint16Array;
  /** The first point at or clockwise of a position, as an index; round to 0 past the last one. */
  search(position: number): number;
}

/** Sorts points in [0, 2^bits) that are given member by member: `counts[m]` of them for member m. At least one in all. */
export function sortPoints(unsorted: Float64Array, counts: readonly number[], bits: number): Points {
  const points = unsorted.slice().sort();
  const find = searcher(points, bits);
  return {
    points,
    owners: ownersOf(unsorted, find, counts),
    search: (position) => {
      const place = find(position);
      return place === points.length ? 0 : place;
    },
  };
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
