import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chiSquareSurvival, distribution } from "../../src/stats/distribution.ts";

describe("distribution", () => {
  test("by hand: 1, 2, 3 and 6 requests", () => {
    // Mean 3; squared distances 4 + 1 + 0 + 9 = 14; Gini = (−3·1 − 1·2 + 1·3 + 3·6) / (4·12).
    const figures = distribution([1, 6, 2, 3]);
    expect(figures).toMatchObject({ mean: 3, peakToMean: 2, min: 1, max: 6 });
    expect(figures.stdDev).toBeCloseTo(Math.sqrt(3.5), 12);
    expect(figures.cv).toBeCloseTo(Math.sqrt(3.5) / 3, 12);
    expect(figures.gini).toBeCloseTo(16 / 48, 12);
    expect(figures.chiSquare).toBeCloseTo(14 / 3, 12);
    expect(figures.noiseFloorCv).toBeCloseTo(0.5, 12);
  });

  test("the classroom's three servers are far from even", () => {
    const figures = distribution([8359, 469, 1172]);
    expect(figures.peakToMean).toBeCloseTo(2.5077, 4);
    expect(figures.cv).toBeCloseTo(1.0696, 4);
    // e^(−χ²/2) with χ² = 11,440 is below the smallest double.
    expect(figures.pValue).toBe(0);
  });

  test("all on one of N servers: Gini (N−1)/N, cv √(N−1)", () => {
    const figures = distribution([0, 0, 0, 0, 500]);
    expect(figures.gini).toBeCloseTo(0.8, 12);
    expect(figures.cv).toBeCloseTo(2, 12);
    expect(figures.peakToMean).toBe(5);
  });

  test.each([[[]], [[0]], [[0, 0, 0]]])("nothing is even: %j", (counts) => {
    expect(distribution(counts)).toStrictEqual({
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
    });
  });

  test("a single server is even", () => {
    expect(distribution([7])).toMatchObject({ mean: 7, cv: 0, peakToMean: 1, gini: 0, pValue: 1, noiseFloorCv: 0 });
  });

  const counts = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 200 });

  test("every figure is finite and within its bounds", () => {
    fc.assert(
      fc.property(counts, (values) => {
        const figures = distribution(values);
        expect(Object.values(figures).every(Number.isFinite)).toBe(true);
        expect(figures.gini).toBeGreaterThanOrEqual(0);
        expect(figures.gini).toBeLessThan(1);
        expect(figures.pValue).toBeGreaterThanOrEqual(0);
        expect(figures.pValue).toBeLessThanOrEqual(1);
        expect(figures.peakToMean).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(figures.min).toBeLessThanOrEqual(figures.mean);
        expect(figures.max).toBeGreaterThanOrEqual(figures.mean);
      }),
    );
  });

  test("the order of the servers does not matter", () => {
    fc.assert(
      fc.property(counts, (values) => {
        const [figures, reversed] = [distribution(values), distribution(values.toReversed())];
        for (const [name, value] of Object.entries(figures))
          expect(reversed[name as keyof typeof figures]).toBeCloseTo(value, 6);
      }),
    );
  });

  test("twice the requests leave cv, Gini and peak as they are and double the chi-square", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 2, maxLength: 50 }), (values) => {
        const [once, twice] = [distribution(values), distribution(values.map((value) => 2 * value))];
        expect(twice.cv).toBeCloseTo(once.cv, 9);
        expect(twice.gini).toBeCloseTo(once.gini, 9);
        expect(twice.peakToMean).toBeCloseTo(once.peakToMean, 9);
        expect(twice.chiSquare).toBeCloseTo(2 * once.chiSquare, 4);
      }),
    );
  });
});

describe("chiSquareSurvival", () => {
  // Critical values of the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4: degrees, upper-tail value, its probability.
  test.each([
    [1, 3.841, 0.05],
    [1, 10.828, 0.001],
    [2, 5.991, 0.05],
    [5, 11.07, 0.05],
    [10, 18.307, 0.05],
    [10, 23.209, 0.01],
    [30, 43.773, 0.05],
    [100, 118.498, 0.1],
    [100, 124.342, 0.05],
    [100, 149.449, 0.001],
  ])("%i degrees: P(X ≥ %f) = %f", (degrees, value, probability) => {
    expect(Math.abs(chiSquareSurvival(value, degrees) / probability - 1)).toBeLessThan(1e-3);
  });

  test.each([0.1, 1, 2, 10, 100, 1000, 1400])("with 2 degrees it is e^(−x/2), far into the tail: x = %f", (x) => {
    expect(Math.abs(chiSquareSurvival(x, 2) / Math.exp(-x / 2) - 1)).toBeLessThan(1e-11);
  });

  test.each([1, 20, 200, 900])("with 4 degrees it is e^(−x/2)·(1 + x/2): x = %f", (x) => {
    expect(Math.abs(chiSquareSurvival(x, 4) / (Math.exp(-x / 2) * (1 + x / 2)) - 1)).toBeLessThan(1e-11);
  });

  test("the two methods meet where one takes over from the other", () => {
    for (const degrees of [1, 3, 10, 101, 1000, 100_000]) {
      const [below, above] = [
        chiSquareSurvival(degrees + 2 - 1e-9, degrees),
        chiSquareSurvival(degrees + 2 + 1e-9, degrees),
      ];
      expect(Math.abs(above - below)).toBeLessThan(1e-9);
    }
  });

  test("it falls as the value grows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 900, noNaN: true }), (degrees, value) => {
        expect(chiSquareSurvival(value * 1.01 + 0.01, degrees)).toBeLessThanOrEqual(
          chiSquareSurvival(value, degrees) + 1e-13,
        );
      }),
    );
  });
});
