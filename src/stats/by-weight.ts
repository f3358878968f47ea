import { chiSquareSurvival } from "./distribution.ts";

/** How evenly a load is shared, each server's measured against its share by weight. */
export interface EvennessByWeight {
  /** The root mean square of what each server's load is off its share, in units of that share. 0 is even. */
  readonly cv: number;
  /** The largest load over its share. 1 is even. */
  readonly peakToMean: number;
  /** Pearson's chi-square against the shares, with N−1 degrees of freedom. */
  readonly chiSquare: number;
  /** How often perfect random placement would be at least this uneven. */
  readonly pValue: number;
  /** The cv that perfect random placement would still show. */
  readonly noiseFloorCv: number;
}

/**
 * The evenness of `counts` (requests of each server) against the shares that `weights` (over 0) give: a server with
 * twice the weight and twice the requests is even. With equal weights these are the figures of `distribution`.
 */
export function evennessByWeight(counts: readonly number[], weights: readonly number[]): EvennessByWeight {
  const total = sum(counts);
  if (total === 0) return { cv: 0, peakToMean: 1, chiSquare: 0, pValue: 1, noiseFloorCv: 0 };
  const all = sum(weights);
  const shares = weights.map((weight) => (total * weight) / all);
  const loads = counts.map((count, i) => count / (shares[i] ?? 1));
  const chiSquare = sum(loads.map((load, i) => (load - 1) ** 2 * (shares[i] ?? 0)));
  return {
    cv: Math.sqrt(sum(loads.map((load) => (load - 1) ** 2)) / counts.length),
    peakToMean: loads.reduce((most, load) => Math.max(most, load), 0),
    chiSquare,
    pValue: chiSquareSurvival(chiSquare, counts.length - 1),
    // A server of share p has a binomial load: its variance over its mean squared is (1 − p) / (p · total).
    noiseFloorCv: Math.sqrt(sum(shares.map((share) => 1 / share - 1 / total)) / counts.length),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
