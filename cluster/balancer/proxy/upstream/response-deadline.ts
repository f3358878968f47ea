import type { Settings } from "../../config/options.ts";
import type { Clock } from "../contract.ts";

/** Node's servers close after 5 s: a connection is not kept idle for so long that this may be about to happen. */
const IDLE_MS = 4_000;
/** How long a connection whose write failed is read on, in milliseconds: what the server sent before that may be a response. */
const READ_AFTER_ERROR_MS = 1_000;

/** When what is waited for from a server is late. */
export class ResponseDeadline {
  readonly #clock: Clock;
  readonly #settings: Pick<Settings, "responseTimeoutMs" | "stallTimeoutMs">;
  /** In milliseconds of `performance.now()`. */
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, settings: Pick<Settings, "responseTimeoutMs" | "stallTimeoutMs">) {
    this.#clock = clock;
    this.#settings = settings;
  }

  isPast(now: number): boolean {
    return now >= this.#at;
  }

  /** The response is to begin, or the server is to take more of the request. */
  expectResponse(): void {
    this.#at = this.#clock.now + this.#settings.responseTimeoutMs;
  }

  /** More of a response that has begun is to come. */
  expectMore(): void {
    this.#at = this.#clock.now + this.#settings.stallTimeoutMs;
  }

  /** The server is not waited for: its client is. */
  clear(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** The next request is to come. */
  expectRequest(): void {
    this.#at = this.#clock.now + IDLE_MS;
  }

  /** What the server had sent before a write to it failed is to come. */
  expectRest(): void {
    this.#at = this.#clock.now + READ_AFTER_ERROR_MS;
  }
}
