import fc from "fast-check";
import { expect, test } from "vitest";
import { latencyRecorder } from "../../src/stats/latency.ts";

const summaryOf = (latencies: readonly number[]) => {
  const recorder = latencyRecorder();
  for (const ms of latencies) recorder.record(ms);
  return recorder.summary();
};

test("without a latency every figure is 0", () => {
  expect(summaryOf([])).toStrictEqual({ min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
});

test("1 to 1,000 ms: the percentiles are what they say, to three digits", () => {
  const summary = summaryOf(Array.from({ length: 1000 }, (_, i) => 1000 - i));
  expect(summary).toMatchObject({ min: 1, mean: 500.5, max: 1000 });
  for (const [figure, exact] of [
    [summary.p50, 500],
    [summary.p90, 900],
    [summary.p99, 990],
    [summary.p999, 999],
  ] as const)
    expect(Math.abs(figure / exact - 1)).toBeLessThan(1e-3);
});

test("microseconds keep their digits", () => {
  expect(Math.abs(summaryOf([0.0113, 0.0124, 0.0135]).p50 / 0.0124 - 1)).toBeLessThan(1e-3);
});

test("what is out of range is kept at the end of the range", () => {
  const summary = summaryOf([-1, 0, 1e12]);
  expect(summary.min).toBe(1e-6);
  expect(summary.max).toBe(3_600_000);
});

test("the figures stand in order, within what was recorded", () => {
  const latencies = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(latencies, (values) => {
      const { min, mean, p50, p90, p99, p999, max } = summaryOf(values);
      expect(min).toBe(Math.min(...values));
      expect(max).toBe(Math.max(...values));
      const ordered = [min, p50, p90, p99, p999, max];
      expect(ordered).toStrictEqual(ordered.toSorted((a, b) => a - b));
      expect(mean).toBeGreaterThanOrEqual(min * (1 - 1e-12));
      expect(mean).toBeLessThanOrEqual(max * (1 + 1e-12));
    }),
    { numRuns: 30 },
  );
});
