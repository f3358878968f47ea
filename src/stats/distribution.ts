import { upperGamma } from "./gamma.ts";

/** How evenly a load is shared. Every field is a finite number, whatever the counts are, so it is always valid JSON. */
export interface Distribution {
  /** Requests a server: the total over the number of servers. */
  readonly mean: number;
  /** Population standard deviation of the counts, in requests. */
  readonly stdDev: number;
  /** Coefficient of variation: stdDev over mean. 0 is even. */
  readonly cv: number;
  /** The busiest server's count over the mean. 1 is even. */
  readonly peakToMean: number;
  readonly min: number;
  readonly max: number;
  /** Gini coefficient: 0 when all servers have the same, (N−1)/N when one has everything. */
  readonly gini: number;
  /** Pearson's chi-square against equal shares, with N−1 degrees of freedom. */
  readonly chiSquare: number;
  /** How often perfect random placement would be at least this uneven: the chi-square survival function. */
  readonly pValue: number;
  /** √((N−1)/count): the cv that perfect random placement would still show. */
  readonly noiseFloorCv: number;
}

/**
 * The figures of one load: `counts` holds the requests of each server, idle servers included as 0.
 * Without servers or requests nothing is uneven: mean and spread are 0, peakToMean and pValue are 1.
 */
export function distribution(counts: readonly number[]): Distribution {
  const servers = counts.length;
  const total = sum(counts);
  if (total === 0) return { ...NOTHING };
  const mean = total / servers;
  const squares = sum(counts.map((count) => (count - mean) ** 2));
  const stdDev = Math.sqrt(squares / servers);
  const chiSquare = squares / mean;
  const sorted = Float64Array.from(counts).sort();
  const max = sorted[servers - 1] ?? 0;
  return {
    mean,
    stdDev,
    cv: stdDev / mean,
    peakToMean: max / mean,
    min: sorted[0] ?? 0,
    max,
    gini: gini(sorted, total),
    chiSquare,
    pValue: chiSquareSurvival(chiSquare, servers - 1),
    noiseFloorCv: Math.sqrt((servers - 1) / total),
  };
}

/** P(X ≥ chiSquare) for a chi-square variable with that many degrees of freedom; 1 with none. */
export function chiSquareSurvival(chiSquare: number, degrees: number): number {
  return degrees < 1 ? 1 : upperGamma(degrees / 2, chiSquare / 2);
}

const NOTHING: Distribution = {
  mean: 0,
  stdDev: 0,
  cv: 0,
  peakToMean: 1,
  min: 0,
  max: 0,
  gini: 0,
  chiSquare: 0,
  pValue: 1,
  noiseFloorCv: 0,
};

/** Σ (2i − n − 1)·x_i / (n·Σx), i from 1, over the counts in ascending order. */
function gini(sorted: Float64Array, total: number): number {
  const n = sorted.length;
  const weighted = sorted.reduce((acc, count, i) => acc + (2 * i + 1 - n) * count, 0);
  // Rounding can leave an even load a hair below zero.
  return Math.max(0, weighted / (n * total));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
