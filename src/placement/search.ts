/**
 * Finds the first of the sorted points that is at or clockwise of a position, as an index; `points.length` past
 * the last one. The top bits of a position lead to a bucket of about one point, so a search is about one step.
 */
export function searcher(points: Float64Array, bits: number): (position: number) => number {
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
