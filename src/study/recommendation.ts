import { percent } from "../format.ts";
import type { Candidate, Limits, Move } from "../results/recommend.ts";

/** A candidate as it was measured. */
export type Measured = Omit<Candidate, "meets" | "reasons">;

/**
 * Ranks candidates: those that meet the limits first, the cheapest of them first (by the time of a lookup, then by
 * memory); then the others, the nearest first. Each says why it stands where it stands.
 */
export function recommendation(measured: readonly Measured[], limits: Limits): Candidate[] {
  const misses = new Map(measured.map((each) => [each, missesOf(each, limits)]));
  const meets = measured.filter((each) => misses.get(each)?.length === 0);
  const others = measured.filter((each) => !meets.includes(each));
  return [
    ...meets.toSorted(byCost).map((each) => ({ ...each, meets: true, reasons: strengthsOf(each, meets) })),
    ...others
      .toSorted((a, b) => distance(a, limits) - distance(b, limits))
      .map((each) => ({ ...each, meets: false, reasons: misses.get(each) ?? [] })),
  ];
}

const ratioOf = ({ add, lose, cannotLose }: Measured): number =>
  Math.max(add.ratio, cannotLose === null ? (lose?.ratio ?? 0) : Number.POSITIVE_INFINITY);

/** How far over its limits a candidate is: the product of what it misses each by. */
const distance = (each: Measured, limits: Limits): number =>
  Math.max(1, each.peak.worst / limits.peak) * Math.max(1, ratioOf(each) / limits.moved);

function missesOf({ peak, add, lose, cannotLose }: Measured, limits: Limits): string[] {
  const misses: string[] = [];
  if (peak.worst > limits.peak)
    misses.push(`its peak comes to ${peak.worst.toPrecision(peak.worst < 1.2 * limits.peak ? 4 : 3)}`);
  if (add.ratio > limits.moved) misses.push(`adding a server moves ${share(add)}`);
  if (cannotLose !== null) misses.push(cannotLose.replace(/\.$/, ""));
  if (lose !== null && lose.ratio > limits.moved) misses.push(`losing one moves ${share(lose)}`);
  return misses;
}

const share = ({ fraction, ratio }: Move): string => `${percent(fraction)} of the keys, ${times(ratio)} the least`;

const times = (ratio: number): string => `${ratio.toFixed(ratio < 9.95 ? 1 : 0)} times`;

/** Lookups within such a step of each other count as equally quick: machines are not steadier than that. */
const STEP = 1.5;

function byCost(a: Measured, b: Measured): number {
  const step = ({ cost }: Measured): number => Math.round(Math.log(cost.lookupNs) / Math.log(STEP));
  return step(a) - step(b) || a.cost.bytes - b.cost.bytes;
}

/** What each candidate is best at, among those that meet the limits. */
const strengths: readonly (readonly [figure: (each: Measured) => number, slack: number, best: string])[] = [
  [({ cost }) => cost.lookupNs, 1.25, "as quick as any here"],
  [({ peak }) => peak.worst, 1.01, "as even as any here"],
  [ratioOf, 1.02, "moves as little as any here"],
  [({ cost }) => cost.bytes, 1.25, "takes the least memory"],
];

function strengthsOf(each: Measured, among: readonly Measured[]): string[] {
  const best = strengths.filter(([figure, slack]) => figure(each) <= slack * Math.min(...among.map(figure)));
  const said = best.length > 0 ? best.map(([, , words]) => words) : ["meets both, and is the best at nothing"];
  return each.spilled > 0
    ? [...said, `but sends ${percent(each.spilled)} of the requests elsewhere than to their key's server`]
    : said;
}
