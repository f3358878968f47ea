import { hashes, type Policy, policies } from "../../placement/index.ts";
import { ringPoints } from "../../placement/policies/ring.ts";
import { arcShares, clockwiseRing } from "../../placement/ring.ts";
import { type Figure, near, percent } from "../figure.ts";
import { servers } from "../servers.ts";

const hash = hashes.xxh64;

/** Every server's share of the key space over the mean share, in ascending order. */
function relativeShares(count: number, vnodes: number, prefix?: string): Float64Array {
  const shares = arcShares(clockwiseRing(ringPoints(servers(count, prefix), hash, vnodes), hash), count);
  return shares.map((share) => share * count).sort();
}

/** The standard deviation of values whose mean is 1. */
const deviation = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - 1) ** 2, 0) / values.length);

/** Points a server, standard error, the ends of the 99 % interval; and servers enough to see the tails. */
const rows = [
  [1, 0.9979, 0.005, 5.25, 20_000],
  [10, 0.3152, 0.37, 1.98, 20_000],
  [100, 0.0997, 0.76, 1.28, 10_000],
  [1000, 0.0316, 0.92, 1.09, 2000],
] as const;

const standardErrors = rows.map(
  ([vnodes, error, low, high, count]): Figure => ({
    what: `ring: standard error and 99 % interval of the shares, ${vnodes} points a server`,
    source: "Lamping and Veach 2014, table 1",
    expected: `${error}, (${low}, ${high})`,
    run: () => {
      const shares = relativeShares(count, vnodes);
      const [sd, first, last] = [deviation(shares), shares[count * 0.005] ?? 0, shares[count * 0.995] ?? 0];
      return {
        ours: `${sd.toFixed(4)}, (${first.toFixed(vnodes === 1 ? 3 : 2)}, ${last.toFixed(2)})`,
        ok: near(sd, error, 0.05) && Math.abs(first - low) < 0.015 && near(last, high, 0.05),
      };
    },
  }),
);

/** Root mean square over many rings: each ring of three servers alone is far from typical. */
function typicalDeviation(vnodes: number, rings: number): number {
  let sum = 0;
  for (let ring = 0; ring < rings; ring++) sum += deviation(relativeShares(3, vnodes, `ring-${ring}-server`)) ** 2;
  return Math.sqrt(sum / rings);
}

const closedForm = [
  [9, 2000, 0.2673],
  [160, 500, 0.0645],
] as const;

const closedForms = closedForm.map(
  ([vnodes, rings, expected]): Figure => ({
    what: `ring: standard deviation of a share over the mean, 3 servers of ${vnodes} vnodes, over ${rings} rings`,
    source: "closed form √((n−1)/(nv+1))",
    expected: percent(expected, 2),
    run: () => {
      const policy: Policy = policies.ring;
      const form = policy.expectedCv?.(3, { vnodes }) ?? Number.NaN;
      const ours = typicalDeviation(vnodes, rings);
      return { ours: percent(ours, 2), ok: near(form, expected, 0.001) && near(ours, form, 0.05) };
    },
  }),
);

export const ringFigures: readonly Figure[] = [...standardErrors, ...closedForms];
