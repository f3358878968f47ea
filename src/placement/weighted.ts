import { reduce } from "./rehash.ts";
import type { Member } from "./types.ts";

/** Turns a hash in [0, 2^53) into a member, each as often as its weight says: at once, or in log n steps by weights. */
export function weightedPick(members: readonly Member[]): (hashed: number) => number {
  const count = members.length;
  if (members.every(({ weight }) => weight === members[0]?.weight)) return (hashed) => reduce(hashed, count);
  const ends = new Float64Array(count);
  members.forEach(({ weight }, m) => {
    ends[m] = weight + (ends[m - 1] ?? 0);
  });
  const total = ends[count - 1] as number;

  return (hashed) => {
    const wanted = (hashed / 2 ** 53) * total;
    let from = 0;
    let to = count - 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((ends[middle] as number) <= wanted) from = middle + 1;
      else to = middle;
    }
    return from;
  };
}
