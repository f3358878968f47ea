/** Pipelining to one server (RFC 9112, 9.3.2), off unless it is asked for: a policy alone, which knows no connection. */
import type { UpstreamRequest } from "../contract.ts";

/** Head-of-line timeout: so many times the mean, and no less than so many milliseconds. */
const TIMES_MEAN = 4;
const LEAST_TIMEOUT_MS = 100;

/** A request that waits to be sent. */
interface Waiting {
  readonly handler: { readonly request: UpstreamRequest };
}

export class Pipelining {
  readonly #depth: number;
  #isStopped = false;
  /** What the first response of a batch takes, in milliseconds: a moving mean. */
  #meanMs = 0;

  /** `depth` requests at most stand on one connection; 1 turns pipelining off. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /** Whether a request may wait for others to be sent with it. */
  allows({ isPipelinable }: UpstreamRequest): boolean {
    return this.#depth > 1 && !this.#isStopped && isPipelinable;
  }

  /** Returns how many from the beginning of `waiting` go out together: one, or more where each may be pipelined; 0 for none. */
  batchLength(waiting: readonly Waiting[]): number {
    let length = 0;
    while (length < waiting.length && length < this.#depth && this.allows((waiting[length] as Waiting).handler.request))
      length += 1;
    return Math.max(length, Math.min(1, waiting.length));
  }

  /** How long a request stays behind another one, or first after another one, in milliseconds. Then it is sent alone. */
  get timeoutMs(): number {
    return Math.max(LEAST_TIMEOUT_MS, TIMES_MEAN * this.#meanMs);
  }

  recordFirstResponse(ms: number): void {
    this.#meanMs += (ms - this.#meanMs) / 16;
  }

  /**
   * The server kept a request waiting behind another, dropped it, or sent what nobody asked for: one that was caught once gets one
   * request at a time from here on.
   */
  stop(): void {
    this.#isStopped = true;
  }
}
