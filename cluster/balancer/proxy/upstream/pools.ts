import type { Host } from "../../cluster/host.ts";
import type { ResponseHandler, UpstreamDispatcher } from "../contract.ts";
import type { UpstreamContext } from "./context.ts";
import { Pool } from "./pool.ts";

/** The pools of all servers. */
export class Pools implements UpstreamDispatcher {
  readonly #context: UpstreamContext;
  readonly #pools = new Map<Host, Pool>();
  /** Of servers that have left, while they have requests. */
  readonly #leaving = new Set<Pool>();

  constructor(context: UpstreamContext) {
    this.#context = context;
  }

  dispatch(host: Host, handler: ResponseHandler, connection: "any" | "new"): void {
    let pool = this.#pools.get(host);
    if (pool === undefined) {
      pool = new Pool(this.#context, host);
      this.#pools.set(host, pool);
    }
    pool.dispatch(handler, connection);
  }

  /** Ends the connections to a server that has left, as its requests end. */
  forget(host: Host): void {
    const pool = this.#pools.get(host);
    if (pool === undefined) return;
    this.#pools.delete(host);
    this.#leaving.add(pool);
    pool.forget();
  }

  /** The server was taken out: what waits there for a first byte and can be sent twice fails. */
  hostDown(host: Host): void {
    this.#pools.get(host)?.hostDown();
  }

  /** Called now and then: ends what takes too long. */
  sweep(now: number): void {
    for (const pool of this.#pools.values()) pool.sweep(now);
    for (const pool of this.#leaving) {
      pool.sweep(now);
      if (pool.isEmpty) this.#leaving.delete(pool);
    }
  }

  /** Adds the bytes that have passed since the last time to the servers' counts. */
  countBytes(): void {
    for (const pool of this.#pools.values()) pool.countBytes();
    for (const pool of this.#leaving) pool.countBytes();
  }

  /** Ends all connections. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    for (const pool of this.#leaving) pool.close();
  }
}
