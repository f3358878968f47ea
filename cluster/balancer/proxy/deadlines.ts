/** How often deadlines are looked at: a timer for each would cost more than the requests. */
import type { Settings } from "../config/options.ts";

/** Connections are looked at in so many parts: the requests of the others would wait while many were cut at once. */
export const SWEEP_PARTS = 10;

/** Returns the milliseconds between two sweeps: no timeout is late by more than a quarter of it, or half a second. */
export function sweepIntervalMs(settings: Settings): number {
  const { connectTimeoutMs, responseTimeoutMs, headTimeoutMs, idleTimeoutMs, stallTimeoutMs } = settings;
  const shortest = Math.min(connectTimeoutMs, responseTimeoutMs, headTimeoutMs, idleTimeoutMs, stallTimeoutMs);
  return Math.min(Math.max(shortest / 4, 5), 500);
}

/**
 * Yields each of `all` in turn, for ever; undefined while there is none. Who comes during a round waits for the next: where more
 * come than are looked at, a round would never end otherwise.
 */
export function* inTurn<T>(all: ReadonlySet<T>): Generator<T | undefined, never> {
  for (;;) {
    let left = all.size;
    if (left === 0) yield undefined;
    for (const one of all) {
      if (left === 0) break;
      left -= 1;
      yield one;
    }
  }
}
