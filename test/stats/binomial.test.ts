import fc from "fast-check";
import { expect, test } from "vitest";
import { binomialCdf } from "../../src/stats/binomial.ts";

test("is the exact distribution of a few draws", () => {
  expect(binomialCdf(3, 0.5)).toStrictEqual({ from: 0, cdf: Float64Array.from([0.125, 0.5, 0.875, 1]) });
  const { from, cdf } = binomialCdf(2, 0.1);
  expect(from).toBe(0);
  [0.81, 0.99, 1].forEach((expected, k) => {
    expect(cdf[k]).toBeCloseTo(expected, 12);
  });
});

test("has the mean and the variance of its kind, however many draws", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000_000 }), fc.double({ min: 0.0005, max: 0.5, noNaN: true }), (n, p) => {
      const { from, cdf } = binomialCdf(n, p);
      let [mean, square] = [0, 0];
      cdf.forEach((upTo, i) => {
        const probability = upTo - (cdf[i - 1] ?? 0);
        mean += (from + i - n * p) * probability;
        square += (from + i - n * p) ** 2 * probability;
      });
      expect(cdf.at(-1)).toBeCloseTo(1, 9);
      expect(Math.abs(mean)).toBeLessThan(1e-3 * Math.sqrt(n * p));
      expect(square / (n * p * (1 - p))).toBeCloseTo(1, 3);
    }),
    { numRuns: 60 },
  );
});
