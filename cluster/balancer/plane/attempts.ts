import { begin, end, type Host } from "../cluster/host.ts";
import type { PlaneContext } from "./context.ts";
import { type Failure, failures } from "./failure.ts";
import type { Refusal } from "./refusal.ts";

/** A request that harms whom it reaches must not be carried from server to server. */
const maxBroken = 2;

const none: readonly Host[] = [];

/** The attempts at servers that one request is given: which comes next, and whether there is another. */
export class Attempts {
  /** How many were begun. */
  count = 0;
  readonly #context: PlaneContext;
  readonly #key: string;
  /** When the present one was begun, in milliseconds of `performance.now()`. */
  #began: number;
  /** The server of the present one; null between two. */
  #host: Host | null = null;
  /** Servers that could not be reached: they are not asked again. */
  #unreached = none;
  /** Servers that the request failed at. */
  #tried = none;
  /** Attempts that the server did not answer. */
  #broken = 0;
  #failure: Failure | null = null;

  /** For a request with the key `key` that came at `now` (`performance.now()`). */
  constructor(context: PlaneContext, key: string, now: number) {
    this.#context = context;
    this.#key = key;
    this.#began = now;
    context.budget.request(now);
  }

  /** Begins the next attempt, and returns its server; or why there is none. */
  begin(): Host | Refusal {
    const { members } = this.#context;
    // A connection that broke may have been a stale one: with nobody else to ask, its server is asked once more.
    const host = members.choose(this.#key, this.#tried) ?? members.choose(this.#key, this.#unreached);
    if (host === null) return this.#failure?.refusal ?? "no-server";
    if (host === "policy-failed") return host;
    this.count += 1;
    if (this.count > 1) this.#began = performance.now();
    this.#host = host;
    begin(host);
    return host;
  }

  /** The server of the present attempt; null between two. */
  get host(): Host | null {
    return this.#host;
  }

  /** Whether the present attempt was begun so many milliseconds ago. */
  isLate(now: number, ms: number): boolean {
    return now - this.#began >= ms;
  }

  /** The present attempt is over; returns its server, or null when there was none. */
  end(): Host | null {
    const host = this.#host;
    this.#host = null;
    if (host !== null) end(host);
    return host;
  }

  /** The attempt at `host` came to nothing: tells those who judge servers. */
  blame(host: Host, failure: Failure, code: string): void {
    if (!failure.blame) return;
    const { members } = this.#context;
    host.counts.failures += 1;
    host.lastError = code;
    if (failure.unreached) members.checked(host, code);
    // Answers that are too late do not come from one event, as connections do that break together: each counts.
    const isLate = failure === failures.answerTimeout;
    members.lost(host, code, isLate ? performance.now() : this.#began);
  }

  /**
   * Takes note that the attempt at `host` failed; returns why there is to be no other, or null when there is.
   * `isFirst` is false for a request that stood behind another on its connection.
   */
  failed(host: Host, failure: Failure, isRepeatable: boolean, isFirst: boolean): Refusal | null {
    const { settings, budget } = this.#context;
    this.#tried = [...this.#tried, host];
    this.#failure = failure;
    if (failure.unreached) this.#unreached = [...this.#unreached, host];
    else if (isFirst) this.#broken += 1;
    const isSpent = this.count >= settings.attempts || this.#broken >= maxBroken;
    const mayRepeat = failure.unreached || (failure.again && isRepeatable);
    if (isSpent || !mayRepeat) return failure.refusal;
    // Envoy's budget counts connections that were refused, too; HAProxy and nginx have none.
    if (!budget.take(performance.now())) {
      host.counts.retryOverflow += 1;
      return "retry-budget";
    }
    host.counts.retries += 1;
    return null;
  }

  /** Whether there may be another attempt because this server answers with `status`, as `--retry-on` asks. */
  mayGoElsewhere(status: number): boolean {
    const { settings, members, budget } = this.#context;
    if (!settings.retryOn.includes(status) || this.#host === null || this.count >= settings.attempts) return false;
    const other = members.choose(this.#key, [...this.#tried, this.#host]);
    return other !== null && other !== "policy-failed" && budget.take(performance.now());
  }

  /** Ends the attempt at a server whose answer is not wanted: the next is made elsewhere. Returns false when there was none. */
  leave(): boolean {
    const host = this.end();
    if (host === null) return false;
    this.#tried = [...this.#tried, host];
    host.counts.retries += 1;
    return true;
  }
}
