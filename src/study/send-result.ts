import type { SendResult } from "../results/run.ts";
import { distribution } from "../stats/distribution.ts";
import type { BurstSeen } from "./observed-burst.ts";

/** What `send` reports of a burst. */
export function sendResult(run: string, keys: number, seen: BurstSeen): SendResult {
  const { view, variant, tally, durationMs, latencyMs, changes } = seen;
  const counts = Object.values(tally.servers);
  const { policy, options } = variant.policy;
  const count = tally.ok + tally.failed;
  return {
    schemaVersion: 1,
    run,
    policy: view.policy,
    hash: policy.hashed ? view.hash : null,
    count,
    ok: tally.ok,
    failed: tally.failed,
    durationMs,
    requestsPerSecond: durationMs > 0 ? count / (durationMs / 1000) : 0,
    latencyMs,
    servers: tally.servers,
    statuses: tally.statuses,
    errors: tally.errors,
    retried: tally.retried,
    keys: Math.min(keys, count),
    changes: [...changes],
    agreement: tally.agreement,
    distribution: { ...distribution(counts), expectedCv: policy.expectedCv?.(counts.length, options) ?? null },
  };
}
