import { inspect } from "node:util";
import { PlacementError } from "../../../src/placement/index.ts";
import type { BalancerEvent } from "../telemetry/events.ts";

const EMIT_EVERY_MS = 1_000;

/** Requests that the policy failed on: an event at once, and then one a second at most, so that a log does not fill a disk. */
export class PlacementFailures {
  readonly #emit: (event: BalancerEvent) => void;
  /** Since the last event. */
  #requests = 0;
  #emittedAt = Number.NEGATIVE_INFINITY;

  constructor(emit: (event: BalancerEvent) => void) {
    this.#emit = emit;
  }

  record(error: unknown): void {
    this.#requests += 1;
    const now = performance.now();
    if (now - this.#emittedAt < EMIT_EVERY_MS) return;
    const reason = error instanceof PlacementError ? error.message : inspect(error);
    this.#emit({ type: "placement-failed", reason, requests: this.#requests });
    this.#requests = 0;
    this.#emittedAt = now;
  }
}
