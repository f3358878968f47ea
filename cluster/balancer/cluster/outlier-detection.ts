import type { Settings } from "../config/options.ts";
import { type Host, isUp } from "./host.ts";

/** An ejection is longer the more there were before it, up to this many times the first. */
const MAX_TIMES = 10;

/** When a server is ejected; `options.ts` says more of each. */
type OutlierSettings = Pick<Settings, "ejectAfter" | "ejectionMs">;

interface OutlierHooks {
  /** Whether there are servers enough to take another one out. */
  mayEject(): boolean;
  ejected(host: Host, reason: string, forMs: number): void;
  unejected(host: Host): void;
}

/** Outlier detection: a server that passes its checks and fails its requests is given none for a while. */
export class OutlierDetection {
  readonly #settings: OutlierSettings;
  readonly #hooks: OutlierHooks;
  readonly #returns = new Map<Host, NodeJS.Timeout>();

  constructor(settings: OutlierSettings, hooks: OutlierHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /**
   * A request failed at a server. One that was there already when the one before failed does not count: a
   * server that stops breaks all its connections at once. `began` is in milliseconds of `performance.now()`.
   */
  recordFailure(host: Host, code: string, began: number): void {
    if (!isUp(host) || began < host.lastFailureAt) return;
    const { ejectAfter, ejectionMs } = this.#settings;
    const now = performance.now();
    if (now - host.lastFailureAt > MAX_TIMES * ejectionMs) host.ejections = 0;
    host.lastFailureAt = now;
    host.consecutiveFailures += 1;
    if (ejectAfter > 0 && host.consecutiveFailures >= ejectAfter && this.#hooks.mayEject()) this.#eject(host, code);
  }

  forget(host: Host): void {
    clearTimeout(this.#returns.get(host));
    this.#returns.delete(host);
  }

  close(): void {
    for (const host of [...this.#returns.keys()]) this.forget(host);
  }

  #eject(host: Host, code: string): void {
    host.ejections += 1;
    host.counts.ejections += 1;
    const forMs = Math.min(host.ejections, MAX_TIMES) * this.#settings.ejectionMs;
    this.#returns.set(
      host,
      setTimeout(() => this.#uneject(host), forMs),
    );
    this.#hooks.ejected(host, `${host.consecutiveFailures} requests in a row failed (${code})`, forMs);
  }

  #uneject(host: Host): void {
    this.#returns.delete(host);
    host.consecutiveFailures = 0;
    host.lastFailureAt = performance.now();
    this.#hooks.unejected(host);
  }
}
