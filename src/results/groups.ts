import { chanceCv, shortNames } from "../format.ts";
import type { StudyPoint } from "./run.ts";

/** One policy with one hash: a line of a chart, a block of a table. */
export interface Group {
  /** "ring (xxh64)", or "round-robin" where there is no hash. */
  readonly name: string;
  readonly policy: string;
  /** By number of servers, fewest first; never empty. */
  readonly points: readonly StudyPoint[];
}

/** The points of each policy and hash, in the order in which they first come. */
export function groupsOf(points: readonly StudyPoint[]): Group[] {
  const groups = new Map<string, { name: string; policy: string; points: StudyPoint[] }>();
  for (const point of points) {
    const name = point.hash === null ? point.policy : `${point.policy} (${point.hash})`;
    const group = groups.get(name) ?? { name, policy: point.policy, points: [] };
    group.points.push(point);
    groups.set(name, group);
  }
  return [...groups.values()].map((group) => ({
    ...group,
    points: group.points.toSorted((a, b) => a.servers - b.servers),
  }));
}

/** Up to this many times what chance leaves counts as no worse than chance. */
export const NEAR_CHANCE = 1.25;

/** How uneven the load is: over all runs, and against the shares by weight where weights differ. */
export const cvOf = ({ runs, byWeight, cv }: StudyPoint): number => runs?.cv.mean ?? byWeight?.cv ?? cv;

/** The busiest server's load over its share: over all runs, and by weight where weights differ. */
export const peakOf = ({ runs, byWeight, peakToMean }: StudyPoint): number =>
  runs?.peakToMean.mean ?? byWeight?.peakToMean ?? peakToMean;

/** The share of keys that moved in a step, over all runs; null in the first step. */
export const movedOf = ({ runs, moved }: StudyPoint): number | null =>
  moved === null ? null : (runs?.moved?.mean ?? moved.fraction);

/** The cv that chance alone would leave with as many keys as the point has. */
export const chanceOf = (point: StudyPoint): number =>
  point.chanceCv ?? chanceCv(point.byWeight?.noiseFloorCv ?? point.noiseFloorCv, point.count, point.keys);

/** The mean of one figure over a group's points. */
export const meanOf = (points: readonly StudyPoint[], figure: (point: StudyPoint) => number): number =>
  points.reduce((total, point) => total + figure(point), 0) / points.length;

/** How far a group's steps are from the least that an even placement moves, on average; null without a step. */
export function distanceFromLeast(group: Group): number | null {
  const steps = group.points.filter((point) => point.moved !== null);
  const distance = (point: StudyPoint): number => Math.abs((movedOf(point) ?? 0) - (point.moved?.ideal ?? 0));
  return steps.length === 0 ? null : meanOf(steps, distance);
}

/** The longest name that leaves room for figures beside it. */
const LONGEST_LABEL = 34;

/** What each group is called where there is little room: the policy alone where that says which. */
export function labelsOf(groups: readonly Group[]): string[] {
  const isAlone = (policy: string) => groups.filter((group) => group.policy === policy).length === 1;
  const names = groups.map((group) => (isAlone(group.policy) ? group.policy : group.name));
  return shortNames(names, LONGEST_LABEL);
}

/** At most so many of them, the first and the last included. */
export const evenly = <T>(items: readonly T[], most: number): T[] =>
  items.length <= most
    ? [...items]
    : Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T);
