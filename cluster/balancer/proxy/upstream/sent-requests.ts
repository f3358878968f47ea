import { performance } from "node:perf_hooks";
import type { FailureReason, ResponseHandler } from "../contract.ts";

/** The requests on a connection whose responses are not complete, in the order in which they were sent. */
export class SentRequests {
  #handlers: ResponseHandler[] = [];
  /** When pipelined requests were sent, and when the first response of them was complete; NaN where nothing is pipelined. */
  #sentAt = Number.NaN;
  #firstAt = Number.NaN;

  /** The request whose response is arriving, or is the next to arrive. */
  get first(): ResponseHandler | undefined {
    return this.#handlers[0];
  }

  get length(): number {
    return this.#handlers.length;
  }

  /** Takes `handlers`, which are sent on an idle connection in one write. */
  begin(handlers: ResponseHandler[]): void {
    this.#handlers = handlers;
    this.#sentAt = handlers.length > 1 ? performance.now() : Number.NaN;
    this.#firstAt = Number.NaN;
  }

  /** Pipelined requests are under way. */
  get isPipelined(): boolean {
    return !Number.isNaN(this.#sentAt) && this.#handlers.length > 0;
  }

  /** Nobody waits for any but `handler`. */
  isAllOverBut(handler: ResponseHandler): boolean {
    return this.#handlers.every((each) => each === handler || each.request.isOver);
  }

  /** All can be sent elsewhere, or nobody waits for them. */
  get isReplayable(): boolean {
    return this.#handlers.every(({ request }) => request.isReplayable || request.isOver);
  }

  /**
   * The response to the first request was complete at `now`, and the next is first. Returns how long it took where that says how long a server takes, or
   * null: the responses behind the first of a batch come with it.
   */
  shift(now: number): number | null {
    this.#handlers.shift();
    const isFirstOfBatch = Number.isNaN(this.#firstAt);
    this.#firstAt = now;
    return this.isPipelined && isFirstOfBatch ? now - this.#sentAt : null;
  }

  /** Removes and returns all. */
  take(): ResponseHandler[] {
    const all = this.#handlers;
    this.#handlers = [];
    return all;
  }

  /**
   * Removes and returns those that have waited for `timeoutMs` behind another, or as the first after another; that one only
   * where `isAnswering` is false: no byte of its response has come.
   */
  takeBlocked(now: number, timeoutMs: number, isAnswering: boolean): ResponseHandler[] {
    if (now - this.#firstAt >= timeoutMs && !isAnswering) return this.take();
    return now - this.#sentAt >= timeoutMs ? this.#handlers.splice(1) : [];
  }
}

/** Tells all of `handlers` that are waited for the same failure; each may have reached the server. */
export function failAll(handlers: readonly ResponseHandler[], reason: FailureReason, code: string): void {
  for (const handler of handlers) if (!handler.request.isOver) handler.onResponseError({ reason, code, wasSent: true });
}
