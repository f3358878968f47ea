import { PlacementError } from "./error.ts";

/** About 100 MB of tables. Weights multiply the points, so a careless weight could ask for far more. */
const MAX_POINTS = 2 ** 22;
/** Members' indices have 16 bits; above them, the 32 of a point keep within a double's 53. */
const MEMBERS = 2 ** 16;

/** Points of 32 bits on a circle, sorted, and the member that owns each; where points tie, the lower member is first. */
export interface Points {
  readonly positions: Float64Array;
  readonly owners: Uint16Array;
}

/** The points of members that have `counts` each; `write` fills in those of one member. Throws for too many. */
export function sortPoints(counts: readonly number[], write: (member: number, points: Uint32Array) => void): Points {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > MAX_POINTS) {
    throw new PlacementError(`There would be ${total} points, over ${MAX_POINTS}: lower the weights.`);
  }
  const packed = new Float64Array(total);
  let next = 0;
  counts.forEach((count, member) => {
    const points = new Uint32Array(count);
    write(member, points);
    for (const point of points) packed[next++] = point * MEMBERS + member;
  });
  packed.sort();
  return {
    positions: packed.map((point) => Math.floor(point / MEMBERS)),
    owners: Uint16Array.from(packed, (point) => point % MEMBERS),
  };
}

/** The points without those that stand where the one before them stands. */
export function dropTies({ positions, owners }: Points): Points {
  const first = (_: number, place: number): boolean => place === 0 || positions[place] !== positions[place - 1];
  return { positions: positions.filter(first), owners: owners.filter(first) };
}
