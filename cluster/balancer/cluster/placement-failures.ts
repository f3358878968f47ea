import { inspect } from "node:util";
import { PlacementError } from "../../../src/placement/index.ts";
import type { BalancerEvent } from "../telemetry/events.ts";

const tellEveryMs = 1_000;

/** Requests that the policy failed on: told at once, and then once a second at most, for a log must not fill a disk. */
export class PlacementFailures {
  readonly #emit: (event: BalancerEvent) => void;
  /** Since they were told last. */
  #requests = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(emit: (event: BalancerEvent) => void) {
    this.#emit = emit;
  }

  by(error: unknown): void {
    this.#requests += 1;
    const now = performance.now();
    if (now - this.#toldAt < tellEveryMs) return;
    const reason = error instanceof PlacementError ? error.message : inspect(error);
    this.#emit({ type: "unplaced", reason, requests: this.#requests });
    this.#requests = 0;
    this.#toldAt = now;
  }
}
