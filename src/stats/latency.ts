import { createHistogram } from "node:perf_hooks";

/** Latency figures in milliseconds. All are 0 when nothing was recorded, so that a script never meets null. */
export interface LatencySummary {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Collects latencies in constant memory, however many there are. */
export interface LatencyRecorder {
  /** Adds one latency in milliseconds. Less than a nanosecond counts as one; more than an hour as an hour. */
  record(ms: number): void;
  /** The figures so far: min, mean and max are exact, the percentiles hold to three digits. */
  summary(): LatencySummary;
}

const NANOSECONDS_PER_MS = 1e6;
const LONGEST_MS = 3_600_000;

/** A recorder over Node's own HDR histogram (about 0.3 MB, in nanoseconds, so short latencies keep their digits too). */
export function latencyRecorder(): LatencyRecorder {
  const histogram = createHistogram({ lowest: 1, highest: LONGEST_MS * NANOSECONDS_PER_MS, figures: 3 });
  let count = 0;
  let total = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;

  function record(ms: number): void {
    const kept = Math.min(LONGEST_MS, Math.max(1 / NANOSECONDS_PER_MS, ms));
    histogram.record(Math.round(kept * NANOSECONDS_PER_MS));
    count += 1;
    total += kept;
    min = Math.min(min, kept);
    max = Math.max(max, kept);
  }

  /** The histogram answers with the top of a bucket, which may lie beyond the largest value seen. */
  const percentile = (percent: number): number =>
    Math.min(max, Math.max(min, histogram.percentile(percent) / NANOSECONDS_PER_MS));

  function summary(): LatencySummary {
    if (count === 0) return { min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    return {
      min,
      mean: total / count,
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
      p999: percentile(99.9),
      max,
    };
  }

  return { record, summary };
}
