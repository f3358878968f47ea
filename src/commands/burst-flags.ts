import type { Flags } from "../context.ts";
import { MAX_CLIENTS } from "../workload/client-keys.ts";

/** The flags that send and analyze share, checked. */
export interface BurstFlags {
  readonly count: number;
  readonly concurrency: number;
  readonly clients: number;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly out: string;
}

/** Reads them; a value that can't be is a usage error. Without --clients each request is a client of its own. */
export function burstFlags(flags: Flags): BurstFlags {
  const count = flags.whole("count", 1, 1_000_000_000) ?? 10_000;
  return {
    count,
    concurrency: flags.whole("concurrency", 1, 10_000) ?? 64,
    clients: flags.whole("clients", 1, MAX_CLIENTS) ?? Math.min(count, MAX_CLIENTS),
    seed: flags.whole("seed", 0, 2 ** 32 - 1) ?? 1,
    timeoutMs: flags.whole("timeout", 1, 3_600_000) ?? 10_000,
    out: flags.text("out") || "reports",
  };
}
