import type { AnalyzeResult, Run, SendResult, StudyPoint } from "../../src/results/run.ts";
import { distribution } from "../../src/stats/distribution.ts";
import { leastMoved, movedFigures } from "../../src/stats/moved.ts";

/** Results as the commands make them, from counts that a test chooses. */

const LATENCY = { min: 0.2, mean: 1.9, p50: 1.22, p90: 3.4, p99: 12.34, p999: 45.1, max: 131 };

/** server-1, server-2, … with these counts. */
export const named = (counts: readonly number[]): Record<string, number> =>
  Object.fromEntries(counts.map((count, i) => [`server-${i + 1}`, count]));

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

export function sendResult(counts: readonly number[], changes: Partial<SendResult> = {}): SendResult {
  const count = sum(counts);
  return {
    schemaVersion: 1,
    run: "2026-11-22T12-50-01-send",
    policy: "ring",
    hash: "xxh64",
    count,
    ok: count,
    failed: 0,
    durationMs: 2000,
    requestsPerSecond: count / 2,
    latencyMs: LATENCY,
    servers: named(counts),
    statuses: { 200: count },
    errors: {},
    retried: 0,
    agreement: { checked: count, matched: count },
    distribution: { ...distribution(counts), expectedCv: null },
    ...changes,
  };
}

/** One step of a study; `from` and `fraction` say what moved. */
export function studyPoint(
  policy: string,
  counts: readonly number[],
  moved?: { from: number; fraction: number },
): StudyPoint {
  return {
    servers: counts.length,
    policy,
    hash: "xxh64",
    count: sum(counts),
    counts: named(counts),
    ...distribution(counts),
    expectedCv: null,
    moved: moved ? movedFigures(moved.from, leastMoved(moved.from, counts.length), moved.fraction) : null,
  };
}

export const analyzeResult = (results: StudyPoint[], changes: Partial<AnalyzeResult> = {}): AnalyzeResult => ({
  schemaVersion: 1,
  run: "2026-11-22T12-50-01-analyze",
  mode: "simulate",
  results,
  charts: [],
  ...changes,
});

/** Two policies over two and three servers: an uneven one, and one that is nearly even and moves little. */
export const twoPolicies = (): AnalyzeResult =>
  analyzeResult([
    studyPoint("classroom", [9531, 469]),
    studyPoint("classroom", [8359, 469, 1172], { from: 2, fraction: 0.1172 }),
    studyPoint("jump", [5010, 4990]),
    studyPoint("jump", [3350, 3325, 3325], { from: 2, fraction: 0.3325 }),
  ]);

export function analyzeRun(changes: Partial<Run> = {}): Run {
  return {
    schemaVersion: 1,
    run: "2026-11-22T12-50-01-analyze",
    kind: "analyze",
    startedAt: "2026-11-22T12:50:01.000Z",
    versions: { lbctl: "0.1.0", node: "v20.20.2" },
    machine: { platform: "linux", arch: "x64", cpus: 2, cpuModel: "A processor", memoryMiB: 4096 },
    arguments: { servers: "2..3", seed: 1 },
    result: twoPolicies(),
    ...changes,
  } as Run;
}
