import type { Settings } from "../../config/options.ts";
import type { Clock, DetachedStream, StreamOwner } from "../contract.ts";
import { Output } from "../io/output.ts";
import type { ByteStream, StreamHandler } from "../io/stream.ts";

interface TunnelContext {
  readonly settings: Pick<Settings, "tunnelTimeoutMs">;
  readonly clock: Clock;
}

/** Called once when a tunnel has ended, with the bytes that have gone through it each way. */
type OnClosed = (fromClient: number, fromServer: number) => void;

/** Two connections that pass on whatever arrives, since a server has agreed to another protocol (RFC 9110, 7.8). */
export class Tunnel implements StreamOwner {
  readonly isBusy = true;
  readonly #context: TunnelContext;
  readonly #onClosed: OnClosed;
  #client: TunnelEnd | null = null;
  #server: TunnelEnd | null = null;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(context: TunnelContext, onClosed: OnClosed) {
    this.#context = context;
    this.#onClosed = onClosed;
  }

  /** Begins to pass on; what has arrived on either side already goes first. */
  open(client: DetachedStream, server: DetachedStream): void {
    this.#moved();
    const events = { moved: () => this.#moved(), ended: () => this.#endWhenDone(), failed: () => this.destroy() };
    this.#client = new TunnelEnd(client, server.stream, events);
    this.#server = new TunnelEnd(server, client.stream, events);
    this.#client.start();
    this.#server.start();
  }

  #moved(): void {
    this.#deadline = this.#context.clock.now + this.#context.settings.tunnelTimeoutMs;
  }

  /** Ends when nothing more can arrive on either side and all has been written. */
  #endWhenDone(): void {
    if (this.#client?.isDone === true && this.#server?.isDone === true) this.destroy();
  }

  sweep(now: number): void {
    if (now >= this.#deadline) this.destroy();
  }

  destroy(): void {
    const [client, server] = [this.#client, this.#server];
    if (client === null || server === null) return;
    this.#client = null;
    this.#server = null;
    client.close();
    server.close();
    this.#onClosed(client.received, server.received);
  }
}

interface TunnelEvents {
  moved(): void;
  ended(): void;
  failed(): void;
}

/** One end of a tunnel: what arrives on its stream goes out on the other's. */
class TunnelEnd implements StreamHandler {
  /** Bytes that have arrived on it. */
  received = 0;
  readonly #detached: DetachedStream;
  readonly #other: ByteStream;
  readonly #toOther: Output;
  readonly #events: TunnelEvents;
  #isEnded = false;
  #isFinished = false;

  constructor(detached: DetachedStream, other: ByteStream, events: TunnelEvents) {
    this.#detached = detached;
    this.#other = other;
    this.#toOther = new Output(other);
    this.#events = events;
    detached.stream.handler = this;
  }

  start(): void {
    const { stream, rest, isEnded } = this.#detached;
    if (rest !== null && rest.length > 0) this.onData(rest);
    if (isEnded) this.onEnd();
    else if (!this.#other.isSaturated) stream.resume();
  }

  /** Nothing more arrives on it, and all has been written to it. */
  get isDone(): boolean {
    return this.#isEnded && this.#isFinished;
  }

  onData(bytes: Buffer): void {
    this.#events.moved();
    this.received += bytes.length;
    this.#toOther.addData(bytes, 0, bytes.length);
    if (!this.#toOther.flush()) this.#detached.stream.pause();
  }

  onEnd(): void {
    this.#isEnded = true;
    this.#other.end();
    this.#events.ended();
  }

  /** The other end may send on. */
  onDrain(): void {
    this.#events.moved();
    this.#other.resume();
  }

  onFinish(): void {
    this.#isFinished = true;
    this.#events.ended();
  }

  onError(): void {
    this.#events.failed();
  }

  close(): void {
    this.#detached.stream.destroy();
    this.#detached.release();
  }
}
