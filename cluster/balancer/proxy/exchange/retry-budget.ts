import type { Settings } from "../../config/options.ts";

const WINDOW_MS = 5_000;

/**
 * How many requests may be made a second time: when much goes wrong at once, retries would only double the load. Counts
 * over this window and the one before.
 */
export class RetryBudget {
  readonly #share: number;
  /** Retries in a window that are always allowed. */
  readonly #floor: number;
  #began = 0;
  #requests = 0;
  #retries = 0;
  #requestsBefore = 0;
  #retriesBefore = 0;

  /** `retryPercent` of the requests may be made again, and `retryFloor` a second in any case. */
  constructor({ retryPercent, retryFloor }: Pick<Settings, "retryPercent" | "retryFloor">) {
    this.#share = retryPercent / 100;
    this.#floor = (retryFloor * WINDOW_MS) / 1_000;
  }

  /** A request has come; `now` is in milliseconds. */
  request(now: number): void {
    if (now - this.#began >= WINDOW_MS) this.#turn(now);
    this.#requests += 1;
  }

  /** Whether so many more retries are within the budget; counts them when they are. */
  take(now: number, count = 1): boolean {
    if (now - this.#began >= WINDOW_MS) this.#turn(now);
    const allowed = this.#share * (this.#requests + this.#requestsBefore) + 2 * this.#floor;
    if (this.#retries + this.#retriesBefore + count > allowed) return false;
    this.#retries += count;
    return true;
  }

  #turn(now: number): void {
    const isNext = now - this.#began < 2 * WINDOW_MS;
    this.#requestsBefore = isNext ? this.#requests : 0;
    this.#retriesBefore = isNext ? this.#retries : 0;
    this.#requests = 0;
    this.#retries = 0;
    this.#began = now;
  }
}
