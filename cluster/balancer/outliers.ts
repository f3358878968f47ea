import type { Settings } from "./options.ts";
import { isUp, type Upstream } from "./upstream.ts";

/** An ejection is longer the more there were before it, up to this many times the first. */
const maxTimes = 10;

/** When a server is ejected; `options.ts` says more of each. */
type OutlierSettings = Pick<Settings, "ejectAfter" | "ejectionMs">;

interface OutlierHooks {
  /** Whether there are servers enough to take another one out. */
  canSpare(): boolean;
  ejected(upstream: Upstream, reason: string, forMs: number): void;
  restored(upstream: Upstream): void;
}

/** Outlier detection: a server that passes its checks and fails its requests is given none for a while. */
export class Outliers {
  readonly #settings: OutlierSettings;
  readonly #hooks: OutlierHooks;
  readonly #returns = new Map<Upstream, NodeJS.Timeout>();

  constructor(settings: OutlierSettings, hooks: OutlierHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /**
   * A request failed at a server. One that was there already when the one before failed does not count: a
   * server that stops breaks all its connections at once. `began` is in milliseconds of `performance.now()`.
   */
  lost(upstream: Upstream, code: string, began: number): void {
    if (!isUp(upstream) || began < upstream.lostAt) return;
    const { ejectAfter, ejectionMs } = this.#settings;
    const now = performance.now();
    if (now - upstream.lostAt > maxTimes * ejectionMs) upstream.ejections = 0;
    upstream.lostAt = now;
    upstream.losses += 1;
    if (ejectAfter > 0 && upstream.losses >= ejectAfter && this.#hooks.canSpare()) this.#eject(upstream, code);
  }

  forget(upstream: Upstream): void {
    clearTimeout(this.#returns.get(upstream));
    this.#returns.delete(upstream);
  }

  close(): void {
    for (const upstream of [...this.#returns.keys()]) this.forget(upstream);
  }

  #eject(upstream: Upstream, code: string): void {
    upstream.ejections += 1;
    upstream.counts.ejections += 1;
    const forMs = Math.min(upstream.ejections, maxTimes) * this.#settings.ejectionMs;
    this.#returns.set(
      upstream,
      setTimeout(() => this.#restore(upstream), forMs),
    );
    this.#hooks.ejected(upstream, `${upstream.losses} requests in a row failed (${code})`, forMs);
  }

  #restore(upstream: Upstream): void {
    this.#returns.delete(upstream);
    upstream.losses = 0;
    upstream.lostAt = performance.now();
    this.#hooks.restored(upstream);
  }
}
