import { performance } from "node:perf_hooks";
import type { Host } from "../../cluster/host.ts";
import type { AttemptFailure, FailureReason, ResponseHandler } from "../contract.ts";
import type { ByteStream } from "../io/stream.ts";
import { ConnectAttempts, type ConnectOwner } from "./connect-attempts.ts";
import { type ConnectionOwner, UpstreamConnection } from "./connection.ts";
import type { UpstreamContext } from "./context.ts";
import { IdleConnections } from "./idle-connections.ts";
import { PendingQueue } from "./pending-queue.ts";
import { Pipelining } from "./pipelining.ts";
import { Reuse } from "./reuse.ts";

/** The connections to one server, and the requests that wait for one. */
export class Pool implements ConnectionOwner, ConnectOwner {
  readonly #host: Host;
  readonly #context: UpstreamContext;
  readonly #connections = new Set<UpstreamConnection>();
  readonly #connecting: ConnectAttempts;
  readonly #idle = new IdleConnections<UpstreamConnection>();
  readonly #pending = new PendingQueue();
  readonly #pipelining: Pipelining;
  readonly #reuse = new Reuse();
  #isTurnScheduled = false;
  #headOfLineTimer: NodeJS.Timeout | null = null;
  #isForgotten = false;

  constructor(context: UpstreamContext, host: Host) {
    this.#context = context;
    this.#host = host;
    this.#connecting = new ConnectAttempts(this, host.endpoint, context.settings.connectTimeoutMs);
    this.#pipelining = new Pipelining(context.settings.pipelineDepth);
  }

  /** Sends a request on a connection that is ready or new; or later, when there is one. */
  dispatch(handler: ResponseHandler, connection: "any" | "new"): void {
    if (connection === "new") this.#connecting.connect(handler);
    else if (this.#pending.length > 0 || this.#waitsForTurn(handler)) this.#waitOrOverflow(handler);
    else this.#sendNow(handler);
  }

  /** A request that cannot be sent twice waits until the poll phase has reported all connections that ended. */
  #waitsForTurn({ request }: ResponseHandler): boolean {
    if (this.#idle.isAnyReady) return !request.isReplayable || this.#pipelining.allows(request);
    return this.#idle.cooling > 0;
  }

  /** Connections that are ready, or soon are, and those that may be made are not waited for: they are no overflow. */
  #waitOrOverflow(handler: ResponseHandler): void {
    const { length } = this.#pending;
    if (this.#isFull && length >= this.#context.settings.maxPending + this.#idle.size) {
      fail(handler, "overflow", "FULL");
      return;
    }
    this.#pending.push(handler, performance.now());
    if (this.#idle.size > 0) this.#scheduleTurn();
  }

  #sendNow(handler: ResponseHandler): void {
    const connection = this.#idle.take();
    if (connection !== undefined) this.#send(connection, [handler]);
    else if (this.#isFull) this.#waitOrOverflow(handler);
    else this.#connecting.connect(handler);
  }

  get #isFull(): boolean {
    return this.#connections.size + this.#connecting.size >= this.#context.settings.maxServerConnections;
  }

  #send(connection: UpstreamConnection, handlers: ResponseHandler[]): void {
    const { length } = handlers;
    this.#host.counts.connectionsReused += length;
    connection.send(handlers);
    if (length > 1) this.#watchHeadOfLine();
  }

  #scheduleTurn(): void {
    if (!this.#isTurnScheduled) setImmediate(this.#turn);
    this.#isTurnScheduled = true;
  }

  /** Right behind a poll phase: connections cool, and requests that waited for it are sent. */
  readonly #turn = (): void => {
    this.#isTurnScheduled = false;
    if (this.#idle.turn()) this.#scheduleTurn();
    if (this.#pending.length > 0) this.#sendPending();
  };

  #sendPending(): void {
    const pending = this.#pending;
    pending.prune();
    while (pending.length > 0 && this.#idle.isAnyReady)
      this.#send(this.#idle.take() as UpstreamConnection, pending.takeBatch(this.#pipelining));
    // Connections that cool are ready soon: they are for the first of those that are left.
    const ahead = this.#idle.cooling;
    while (pending.length > ahead && !this.#isFull)
      this.#connecting.connect(pending.takeBehind(ahead) as ResponseHandler);
  }

  connected(handler: ResponseHandler, stream: ByteStream): void {
    const connection = new UpstreamConnection(this.#context, this, stream, this.#host);
    this.#connections.add(connection);
    if (handler.request.isOver) this.release(connection);
    else connection.send([handler]);
  }

  connectFailed(handler: ResponseHandler, reason: FailureReason, code: string): void {
    if (this.#pending.length > 0) this.#scheduleTurn();
    if (!handler.request.isOver) fail(handler, reason, code);
  }

  /** Sees to it that no request waits for long behind another one. */
  #watchHeadOfLine(): void {
    this.#headOfLineTimer ??= setTimeout(() => {
      // Responses that arrived while the event loop was busy are read first.
      setImmediate(() => this.#endHeadOfLine());
    }, this.#pipelining.timeoutMs);
  }

  #endHeadOfLine(): void {
    this.#headOfLineTimer = null;
    const now = performance.now();
    const connections = [...this.#connections].filter((connection) => connection.isPipelined);
    for (const connection of connections) connection.releaseBlocked(now, this.#pipelining.timeoutMs);
    if (connections.some((connection) => connection.isPipelined)) this.#watchHeadOfLine();
  }

  release(connection: UpstreamConnection): void {
    if (this.#isForgotten || !this.#reuse.isAllowed(this.#context.clock.now)) {
      connection.destroy();
      return;
    }
    this.#idle.add(connection);
    this.#scheduleTurn();
  }

  remove(connection: UpstreamConnection): void {
    this.#idle.remove(connection);
    if (this.#connections.delete(connection) && this.#pending.length > 0) this.#scheduleTurn();
  }

  recordClose(msSinceResponse: number): void {
    if (this.#reuse.recordClose(msSinceResponse, performance.now())) this.#destroyIdle();
  }

  recordFirstResponse(ms: number): void {
    this.#pipelining.recordFirstResponse(ms);
  }

  recordBlocked(): void {
    this.#pipelining.stop();
  }

  recordUnsolicited(): void {
    this.#pipelining.stop();
    this.#reuse.forbid(performance.now());
    this.#destroyIdle();
  }

  #destroyIdle(): void {
    for (const connection of this.#idle.clear()) connection.destroy();
  }

  sweep(now: number): void {
    for (const connection of this.#connections) connection.sweep(now);
    this.#connecting.sweep(now);
    // As long as a connection may take to be made, so long may one be waited for (HAProxy's `timeout queue`).
    if (this.#pending.length === 0 || this.#isTurnScheduled) return;
    for (const handler of this.#pending.takeLate(now, this.#context.settings.connectTimeoutMs))
      fail(handler, "overflow", "FULL");
  }

  /** Called when the server is taken out: requests without a byte of a response that can be sent twice fail, for a retry, and idle connections end. */
  hostDown(): void {
    this.#destroyIdle();
    const waiting = [...this.#connecting.giveUp(), ...this.#pending.take()];
    for (const handler of waiting) if (!handler.request.isOver) fail(handler, "host-down", "DOWN");
    for (const connection of [...this.#connections]) connection.hostDown();
  }

  countBytes(): void {
    for (const connection of this.#connections) connection.countBytes();
  }

  /** Ends the connections as their requests end. */
  forget(): void {
    this.#isForgotten = true;
    this.#destroyIdle();
  }

  /** Ends all connections. */
  close(): void {
    this.forget();
    for (const connection of [...this.#connections]) connection.destroy();
    this.#connecting.giveUp();
    if (this.#headOfLineTimer !== null) clearTimeout(this.#headOfLineTimer);
  }

  get isEmpty(): boolean {
    return this.#connections.size + this.#connecting.size + this.#pending.length === 0;
  }
}

function fail(handler: ResponseHandler, reason: FailureReason, code: string): void {
  const failure: AttemptFailure = { reason, code, wasSent: false };
  handler.onResponseError(failure);
}
