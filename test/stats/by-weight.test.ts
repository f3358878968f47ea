import fc from "fast-check";
import { expect, test } from "vitest";
import { evennessByWeight } from "../../src/stats/by-weight.ts";
import { distribution } from "../../src/stats/distribution.ts";

test("equal weights give the figures of distribution", () => {
  const load = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(load, fc.integer({ min: 1, max: 9 }), (counts, weight) => {
      const figures = distribution(counts);
      const byWeight = evennessByWeight(counts, Array(counts.length).fill(weight));
      for (const [name, value] of Object.entries(byWeight))
        expect(value).toBeCloseTo(figures[name as keyof typeof byWeight], 9);
    }),
  );
});

test("loads in proportion to their weights are even", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(weights, (weights) => {
      const counts = weights.map((weight) => weight * 7);
      const { cv, peakToMean, chiSquare, pValue } = evennessByWeight(counts, weights);
      expect([cv, chiSquare]).toEqual([expect.closeTo(0, 9), expect.closeTo(0, 9)]);
      expect([peakToMean, pValue]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
    }),
  );
});

test("what is off its share counts in units of that share", () => {
  // Shares 20 and 10: the first has half too much, the second nothing.
  const { cv, peakToMean, chiSquare } = evennessByWeight([30, 0], [2, 1]);
  expect(cv).toBeCloseTo(Math.sqrt((0.5 ** 2 + 1) / 2), 12);
  expect(peakToMean).toBe(1.5);
  expect(chiSquare).toBeCloseTo(100 / 20 + 100 / 10, 12);
});

test("no requests are even", () => {
  expect(evennessByWeight([0, 0], [1, 2])).toEqual({ cv: 0, peakToMean: 1, chiSquare: 0, pValue: 1, noiseFloorCv: 0 });
});
