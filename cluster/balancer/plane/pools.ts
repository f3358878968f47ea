import type { Upstream } from "../upstream.ts";
import type { Pool } from "./pool.ts";

/** The pools of all servers. */
export class Pools {
  readonly #pools = new Map<Upstream, Pool>();
  /** Of servers that have left, while they have requests. */
  readonly #leaving = new Set<Pool>();
  readonly #open: (upstream: Upstream) => Pool;

  constructor(open: (upstream: Upstream) => Pool) {
    this.#open = open;
  }

  of(upstream: Upstream): Pool {
    let pool = this.#pools.get(upstream);
    if (pool === undefined) {
      pool = this.#open(upstream);
      this.#pools.set(upstream, pool);
    }
    return pool;
  }

  forget(upstream: Upstream): void {
    const pool = this.#pools.get(upstream);
    if (pool === undefined) return;
    this.#pools.delete(upstream);
    this.#leaving.add(pool);
    pool.forget();
  }

  sweep(now: number): void {
    for (const pool of this.#pools.values()) pool.sweep(now);
    for (const pool of this.#leaving) {
      pool.sweep(now);
      if (pool.isEmpty) this.#leaving.delete(pool);
    }
  }

  /** Adds the bytes that have gone by since the last time to what is counted of the servers. */
  countBytes(): void {
    for (const pool of [...this.#pools.values(), ...this.#leaving]) pool.countBytes();
  }

  close(): void {
    for (const pool of [...this.#pools.values(), ...this.#leaving]) pool.close();
  }
}
