import { performance } from "node:perf_hooks";
import { beginRequest, endRequest, type Host } from "../../cluster/host.ts";
import type { AttemptFailure, FailureReason } from "../contract.ts";
import type { ExchangeContext } from "./context.ts";
import type { LocalReplyReason } from "./local-reply.ts";

/** What follows a failed attempt. */
interface RetryRule {
  /** The local reply when nothing else is tried. */
  readonly reply: LocalReplyReason;
  /** `"here"`: on a new connection to the same server, outside attempts and budget. */
  readonly retry: "never" | "here" | "elsewhere";
  /** It is the server's fault: one that fails again and again is ejected. */
  readonly blames: boolean;
  /** It counts against the retry budget. */
  readonly isBudgeted: boolean;
  /** The server knows nothing of the request. */
  readonly isUnreached: boolean;
}

const overloaded: RetryRule = {
  reply: "overloaded",
  retry: "never",
  blames: false,
  isBudgeted: false,
  isUnreached: false,
};
const unreachable: RetryRule = {
  reply: "unreachable",
  retry: "elsewhere",
  blames: true,
  isBudgeted: true,
  isUnreached: true,
};
const broken: RetryRule = {
  reply: "server-failed",
  retry: "elsewhere",
  blames: true,
  isBudgeted: true,
  isUnreached: false,
};
const ourConnection: RetryRule = { ...broken, retry: "here", blames: false, isBudgeted: false };

/** What follows each reason; `"here"` and `"elsewhere"` only where the request may be sent again. */
export const retryRules: Readonly<Record<FailureReason, RetryRule>> = {
  overflow: overloaded,
  local: overloaded,
  unreachable,
  "connect-timeout": { ...unreachable, reply: "connect-timeout" },
  // A request that took one server too long is not given to another.
  "response-timeout": { ...broken, reply: "answer-timeout", retry: "never" },
  broken,
  // A request that one server responds to badly would fare no better at another.
  "bad-response": { ...broken, retry: "never" },
  stale: ourConnection,
  blocked: ourConnection,
  "host-down": { ...broken, blames: false, isBudgeted: false },
};

/** A request that harms whom it reaches must not be carried from server to server. */
const MAX_BROKEN = 2;

const none: readonly Host[] = [];

/** The attempts at servers that one request is given: which comes next, and whether there is another. */
export class Attempts {
  /** How many were begun. */
  count = 0;
  readonly #context: ExchangeContext;
  readonly #key: string;
  /** When the present one was begun, in milliseconds of `performance.now()`. */
  #began: number;
  /** The server of the present one; null between two. */
  #host: Host | null = null;
  /** Servers that could not be reached: they are not asked again. */
  #unreached = none;
  /** Servers that the request failed at. */
  #tried = none;
  /** Attempts that reached a server and got no complete response. */
  #broken = 0;
  /** The local reply when no server is left. */
  #reply: LocalReplyReason = "no-server";

  /** For a request with the key `key` that arrived at `now` (`performance.now()`). */
  constructor(context: ExchangeContext, key: string, now: number) {
    this.#context = context;
    this.#key = key;
    this.#began = now;
    context.retryBudget.request(now);
  }

  /** Begins the next attempt, and returns its server; or why there is none. */
  begin(): Host | LocalReplyReason {
    const { cluster } = this.#context;
    // With nobody else to ask, a server whose connection broke is asked once more.
    const host = cluster.chooseHost(this.#key, this.#tried) ?? cluster.chooseHost(this.#key, this.#unreached);
    if (host === null) return this.#reply;
    if (host === "policy-failed") return host;
    this.count += 1;
    if (this.count > 1) this.#began = performance.now();
    this.#host = host;
    beginRequest(host);
    return host;
  }

  get host(): Host | null {
    return this.#host;
  }

  /** Ends the present attempt; returns its server, or null when there was none. */
  end(): Host | null {
    const host = this.#host;
    this.#host = null;
    if (host !== null) endRequest(host);
    return host;
  }

  /** Called when the response of the present attempt is complete. */
  succeed(): void {
    const host = this.end();
    if (host !== null) this.#context.cluster.recordSuccess(host);
  }

  /** Tells those who judge servers that the present attempt failed. */
  recordFailure({ reason, code }: AttemptFailure): void {
    const host = this.#host;
    const { blames, isUnreached } = retryRules[reason];
    if (host === null || !blames) return;
    const { cluster } = this.#context;
    host.counts.failures += 1;
    host.lastError = code;
    if (isUnreached) cluster.recordCheck(host, code);
    // Responses that are late do not come from one event, as connections do that break together: each counts.
    cluster.recordFailure(host, code, reason === "response-timeout" ? performance.now() : this.#began);
  }

  /**
   * Decides what follows the failure of the present attempt: `"here"`, where the attempt goes on; `"elsewhere"`; or the local
   * reply that ends it. `mayRepeat`: the request can be sent again, and that does no harm.
   */
  next({ reason }: AttemptFailure, mayRepeat: boolean): "here" | "elsewhere" | LocalReplyReason {
    const { reply, retry, isBudgeted, isUnreached } = retryRules[reason];
    if (retry === "here" && mayRepeat) return "here";
    const host = this.end();
    if (host === null) return reply;
    this.#tried = [...this.#tried, host];
    this.#reply = reply;
    if (isUnreached) this.#unreached = [...this.#unreached, host];
    else if (isBudgeted) this.#broken += 1;
    const isSpent = this.count >= this.#context.settings.attempts || this.#broken >= MAX_BROKEN;
    if (isSpent || retry !== "elsewhere" || !mayRepeat) return reply;
    // Envoy's budget counts connections that were refused, too; HAProxy and nginx have none.
    if (isBudgeted && !this.#context.retryBudget.take(performance.now())) {
      host.counts.retryOverflow += 1;
      return "retry-budget";
    }
    host.counts.retries += 1;
    return "elsewhere";
  }

  /** Whether another server is to be tried because this one responds with `status`, as `--retry-on` asks; then `abandon` follows. */
  isRetriedOn(status: number): boolean {
    const { settings, cluster, retryBudget } = this.#context;
    if (!settings.retryOn.includes(status) || this.#host === null || this.count >= settings.attempts) return false;
    const other = cluster.chooseHost(this.#key, [...this.#tried, this.#host]);
    return other !== null && other !== "policy-failed" && retryBudget.take(performance.now());
  }

  /** Ends the attempt at a server whose response is not wanted. */
  abandon(): void {
    const host = this.end();
    if (host === null) return;
    this.#tried = [...this.#tried, host];
    host.counts.retries += 1;
  }
}
