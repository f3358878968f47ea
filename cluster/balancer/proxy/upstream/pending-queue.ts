import type { ResponseHandler } from "../contract.ts";
import type { Pipelining } from "./pipelining.ts";

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

  /** Forgets those that nobody waits for. */
  prune(): void {
    if (this.#pending.some(isOver)) this.#pending = this.#pending.filter((each) => !isOver(each));
  }

  /** Removes and returns the first, and those behind it that may be sent with it. */
  takeBatch(pipelining: Pipelining): ResponseHandler[] {
    const batch: ResponseHandler[] = [];
    for (let left = pipelining.batchLength(this.#pending); left > 0; left -= 1)
      batch.push((this.#pending.shift() as Pending).handler);
    return batch;
  }

  /** Removes and returns the one that `ahead` others stand before; undefined when there is none. */
  takeBehind(ahead: number): ResponseHandler | undefined {
    return this.#pending.splice(ahead, 1)[0]?.handler;
  }

  /** Removes and returns all. */
  take(): ResponseHandler[] {
    this.prune();
    return this.#pending.splice(0).map(({ handler }) => handler);
  }

  /** Removes and returns those that have waited for `ms` or longer. */
  takeLate(now: number, ms: number): ResponseHandler[] {
    this.prune();
    const firstInTime = this.#pending.findIndex(({ since }) => now - since < ms);
    const late = this.#pending.splice(0, firstInTime < 0 ? this.#pending.length : firstInTime);
    return late.map(({ handler }) => handler);
  }
}

const isOver = ({ handler }: Pending): boolean => handler.request.isOver;
