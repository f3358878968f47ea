import type { ResponseHandler } from "../contract.ts";

interface Pending {
  readonly handler: ResponseHandler;
  /** In milliseconds of `performance.now()`. */
  readonly since: number;
}

/** The requests that wait for a connection to one server, in the order they came. */
export class PendingQueue {
  #pending: Pending[] = [];

  get length(): number {
    return this.#pending.length;
  }

  push(handler: ResponseHandler, now: number): void {
    this.#pending.push({ handler, since: now });
  }

  /** Removes all and returns those that somebody still waits for. */
  take(): Pending[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending.filter(({ handler }) => !handler.request.isOver);
  }

  /** Puts those that still have to wait back, before any that came meanwhile. */
  putBack(pending: Pending[]): void {
    this.#pending = [...pending, ...this.#pending];
  }

  /** Removes and returns those that have waited for `ms` or longer, and forgets those that nobody waits for. */
  takeLate(now: number, ms: number): ResponseHandler[] {
    const all = this.take();
    this.#pending = all.filter(({ since }) => now - since < ms);
    return all.filter(({ since }) => now - since >= ms).map(({ handler }) => handler);
  }
}
