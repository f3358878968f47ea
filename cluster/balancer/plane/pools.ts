import { Pool } from "undici";
import { formatAddress } from "../address.ts";
import type { Upstream } from "../upstream.ts";

export interface PoolTimeouts {
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

/** Connections to one server; further requests wait for one of these. */
const maxConnections = 1_024;

/** The connections to the servers, kept alive: one pool a server. */
export class Pools {
  readonly #timeouts: PoolTimeouts;
  readonly #pools = new Map<Upstream, Pool>();

  constructor(timeouts: PoolTimeouts) {
    this.#timeouts = timeouts;
  }

  of(upstream: Upstream): Pool {
    return this.#pools.get(upstream) ?? this.#open(upstream);
  }

  /** Closes a server's connections as its requests end. */
  forget(upstream: Upstream): void {
    const pool = this.#pools.get(upstream);
    this.#pools.delete(upstream);
    void pool?.close();
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #open(upstream: Upstream): Pool {
    const { connectTimeoutMs, answerTimeoutMs, stallTimeoutMs } = this.#timeouts;
    const pool = new Pool(`http://${formatAddress(upstream.endpoint)}`, {
      connect: { timeout: connectTimeoutMs },
      headersTimeout: answerTimeoutMs,
      bodyTimeout: stallTimeoutMs,
      connections: maxConnections,
      pipelining: 1,
    });
    this.#pools.set(upstream, pool);
    return pool;
  }
}
