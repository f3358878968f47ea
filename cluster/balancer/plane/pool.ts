import type { Host } from "../cluster/host.ts";
import type { PlaneContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { failures } from "./failure.ts";
import { ServerConnection } from "./server-connection.ts";

/** Node's servers close after 5 s; a connection is not used when that may be about to happen. */
const idleMs = 4_000;
/** No request that shares a connection is left to wait for the one before it longer than so many times what is usual, nor less than so many milliseconds. */
const patience = 4;
const leastPatienceMs = 50;
/** How long a server that kept such requests waiting is given one at a time: longer each time, up to a minute. */
const slowMs = 1_000;
const longestSlowMs = 60_000;
/** How long no connection to a server that has sent more than was asked for is used again. */
const aloneMs = 60_000;

/** The connections to one server, kept alive. */
export class Pool {
  readonly host: Host;
  readonly idleMs = idleMs;
  readonly #context: PlaneContext;
  readonly #connections = new Set<ServerConnection>();
  /** Those without a request; the last to fall idle is taken first. */
  readonly #idle: ServerConnection[] = [];
  /** Requests that wait for the end of the turn, or for a connection. */
  #waiting: Exchange[] = [];
  #isScheduled = false;
  /** Until when requests are sent one at a time, because some had to wait for others. */
  #slowUntil = 0;
  #slowMs = slowMs;
  /** Until when each request has a connection of its own. */
  #aloneUntil = 0;
  /** What the first answer on a shared connection takes, in milliseconds: a moving mean. */
  #usualMs = 0;
  #watcher: NodeJS.Timeout | null = null;
  #isForgotten = false;

  constructor(context: PlaneContext, host: Host) {
    this.#context = context;
    this.host = host;
  }

  send(exchange: Exchange): void {
    const { maxServerConnections, maxPending, maxShared } = this.#context.settings;
    if (maxShared > 1 && exchange.mayShare && this.#idle.length > 0) {
      this.#waiting.push(exchange);
      this.#schedule();
      return;
    }
    const connection = this.#idle.pop();
    if (connection !== undefined) connection.send([exchange]);
    else if (this.#connections.size < maxServerConnections) this.#open(exchange);
    else if (this.#waiting.length < maxPending) this.#waiting.push(exchange);
    else exchange.turnedAway();
  }

  #schedule(): void {
    if (!this.#isScheduled) setImmediate(this.#flush);
    this.#isScheduled = true;
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    const waiting = this.#waiting.filter(({ isOver }) => !isOver);
    this.#waiting = [];
    let at = 0;
    while (at < waiting.length) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      const batch = waiting.slice(at, this.#endOfBatch(waiting, at));
      at += batch.length;
      connection.send(batch);
      if (batch.length > 1) this.#watch();
    }
    for (const exchange of waiting.slice(at)) this.send(exchange);
  };

  /** As many requests as may share a connection. */
  #endOfBatch(waiting: readonly Exchange[], from: number): number {
    const most = this.#context.now < this.#slowUntil ? 1 : this.#context.settings.maxShared;
    let at = from;
    while (at < waiting.length && at - from < most && waiting[at]?.mayShare === true) at += 1;
    return Math.max(at, from + 1);
  }

  /** Sees to it that nobody waits for long behind somebody else. */
  #watch(): void {
    this.#watcher ??= setTimeout(() => {
      // Answers that have come while the event loop was busy are read first.
      setImmediate(this.#unblock);
    }, this.patienceMs);
  }

  readonly #unblock = (): void => {
    this.#watcher = null;
    const now = performance.now();
    let isShared = false;
    for (const connection of this.#connections) {
      for (const exchange of connection.takeBack(now)) {
        this.#slow(now);
        this.send(exchange);
      }
      isShared ||= connection.pending > 1;
    }
    if (isShared) this.#watch();
  };

  /** Some request had to wait: for a while none has to. */
  #slow(now: number): void {
    if (now < this.#slowUntil) return;
    const isAgain = now - this.#slowUntil < 10 * this.#slowMs;
    this.#slowMs = isAgain ? Math.min(2 * this.#slowMs, longestSlowMs) : slowMs;
    this.#slowUntil = now + this.#slowMs;
  }

  /**
   * The server has sent what is no answer, or more than was asked for. On a shared connection that could be taken for an
   * answer to somebody else: there is no other from here on.
   */
  distrust(): void {
    this.#slowUntil = Number.POSITIVE_INFINITY;
  }

  /**
   * The server has sent more than was asked for. Where that comes late, a connection that is used again gives one
   * client the answer to another: for a while each request has one of its own.
   */
  saidMore(): void {
    this.distrust();
    this.#aloneUntil = performance.now() + aloneMs;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** How long a request on a shared connection waits for the one before it, in milliseconds. */
  get patienceMs(): number {
    return Math.max(leastPatienceMs, patience * this.#usualMs);
  }

  /** The first answer on a shared connection took so long. */
  answeredIn(ms: number): void {
    this.#usualMs += (ms - this.#usualMs) / 16;
  }

  #open(exchange: Exchange): void {
    this.#connections.add(new ServerConnection(this.#context, this, [exchange]));
  }

  /** A connection is free. */
  release(connection: ServerConnection): void {
    if (this.#isForgotten || this.#context.now < this.#aloneUntil) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** A connection has ended. */
  remove(connection: ServerConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#connections.delete(connection) && this.#waiting.length > 0) this.#schedule();
  }

  sweep(now: number): void {
    for (const connection of this.#connections) connection.sweep(now);
    if (this.#waiting.length > 0 && !this.#isScheduled) this.#sweepWaiting(now);
  }

  /** As long as a connection may take to be made, so long may one be waited for (HAProxy's `timeout queue`). */
  #sweepWaiting(now: number): void {
    const isLate = (exchange: Exchange): boolean => exchange.isLate(now, this.#context.settings.connectTimeoutMs);
    const late = this.#waiting.filter(isLate);
    this.#waiting = this.#waiting.filter((exchange) => !exchange.isOver && !isLate(exchange));
    for (const exchange of late) exchange.failed(failures.full, "FULL", true);
  }

  countBytes(): void {
    for (const connection of this.#connections) connection.countBytes();
  }

  /** Lets go of the connections as their requests end. */
  forget(): void {
    this.#isForgotten = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Cuts every connection. */
  close(): void {
    this.forget();
    for (const connection of this.#connections) connection.destroy();
    if (this.#watcher !== null) clearTimeout(this.#watcher);
  }

  get isEmpty(): boolean {
    return this.#connections.size === 0 && this.#waiting.length === 0;
  }
}
