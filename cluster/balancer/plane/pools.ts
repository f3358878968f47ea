import type { Host } from "../cluster/host.ts";
import type { Pool } from "./pool.ts";

/** The pools of all servers. */
export class Pools {
  readonly #pools = new Map<Host, Pool>();
  /** Of servers that have left, while they have requests. */
  readonly #leaving = new Set<Pool>();
  readonly #open: (host: Host) => Pool;

  constructor(open: (host: Host) => Pool) {
    this.#open = open;
  }

  of(host: Host): Pool {
    let pool = this.#pools.get(host);
    if (pool === undefined) {
      pool = this.#open(host);
      this.#pools.set(host, pool);
    }
    return pool;
  }

  forget(host: Host): void {
    const pool = this.#pools.get(host);
    if (pool === undefined) return;
    this.#pools.delete(host);
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
