import type { Figure } from "../figure.ts";
import { place, servers } from "../servers.ts";

const BINS = 4096;
const TRIALS = 100;

/** The most balls in one bin when as many balls as bins are thrown, each into the emptiest of `choices`. */
function fullest(choices: number, seed: number): number {
  const bins = new Uint16Array(BINS);
  const load = (m: number): number => bins[m] as number;
  const placement = place(`p2c:choices=${choices},seed=${seed}`, servers(BINS));
  for (let ball = 0; ball < BINS; ball++) {
    const bin = placement.select("", undefined, load);
    bins[bin] = load(bin) + 1;
  }
  return bins.reduce((most, count) => Math.max(most, count), 0);
}

/** The most frequent of whole numbers. */
function mode(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

export const twoChoicesFigures: readonly Figure[] = (
  [
    [1, [6, 7]],
    [2, [3]],
    [4, [2]],
  ] as const
).map(
  ([choices, expected]): Figure => ({
    what: `p2c: the fullest of ${BINS} bins after ${BINS} balls of ${choices} choice${choices === 1 ? "" : "s"}, most often of ${TRIALS}`,
    source: "Azar et al. 1994, Mitzenmacher 1996",
    expected: expected.join(" or "),
    run: () => {
      const ours = mode(Array.from({ length: TRIALS }, (_, seed) => fullest(choices, seed)));
      return { ours: String(ours), ok: expected.some((value) => value === ours) };
    },
  }),
);
