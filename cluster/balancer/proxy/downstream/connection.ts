import type { RequestHead } from "../../../../src/http1/index.ts";
import type { ProxyCounters } from "../../telemetry/proxy-stats.ts";
import type { DetachedStream, RequestHandler, StreamOwner } from "../contract.ts";
import { ByteCounter } from "../io/byte-counter.ts";
import { Input } from "../io/input.ts";
import { LingeringClose } from "../io/lingering-close.ts";
import { Output } from "../io/output.ts";
import { StallWatch } from "../io/stall-watch.ts";
import type { ByteStream, StreamHandler } from "../io/stream.ts";
import { ClientPeer } from "./peer.ts";
import { RequestBody } from "./request-body.ts";
import { expectBody, type Session, type StatesContext, states } from "./states.ts";

/** How long a client may go on sending what nobody reads, in milliseconds. */
const LINGER_MS = 5_000;

/** What the connections of all clients share. */
export interface DownstreamContext extends StatesContext {
  readonly counts: ProxyCounters;
  /** Called when a connection has ended. */
  remove(connection: DownstreamConnection): void;
}

/** One client's connection. Its requests are taken one at a time, because their responses have to keep their order. */
export class DownstreamConnection implements Session, StreamHandler, StreamOwner {
  readonly context: DownstreamContext;
  readonly peer: ClientPeer;
  readonly stream: ByteStream;
  readonly input: Input;
  readonly output: Output;
  readonly body: RequestBody;
  state: Session["state"] = states.idle;
  deadline: number;
  partial: RequestHead | null = null;
  request: RequestHandler | null = null;
  isHalfClosed = false;
  written = 0;
  isLastRequest = false;
  readonly #bytes: ByteCounter;
  readonly #stall = new StallWatch();
  /** What the stream belongs to once no more requests are read. */
  #successor: StreamOwner | null = null;
  #isGone = false;

  /** Takes a stream that nothing has been read from. */
  constructor(context: DownstreamContext, stream: ByteStream) {
    this.context = context;
    this.stream = stream;
    this.body = new RequestBody(context.settings);
    this.peer = new ClientPeer(context, stream);
    this.input = new Input(stream, (bytes, at) => this.state.onData(this, bytes, at));
    this.output = new Output(stream);
    this.#bytes = new ByteCounter(stream, context.counts);
    // Who connects has something to say: as HAProxy and nginx have it, the first request is not waited for as others are.
    const { headTimeoutMs, idleTimeoutMs, proxyProtocol } = context.settings;
    this.deadline = context.clock.now + Math.min(headTimeoutMs, idleTimeoutMs);
    if (proxyProtocol) this.state = states.proxyHeader;
    stream.handler = this;
  }

  onData(chunk: Buffer): void {
    this.input.read(chunk);
    this.#afterRead();
  }

  #afterRead(): void {
    this.request?.flushBody();
    // A head that is not whole by then will never be.
    const isSpent = this.input.held === null || this.state === states.head;
    if (this.isHalfClosed && this.request === null && isSpent && this.#successor === null && !this.#isGone)
      this.close();
  }

  onEnd(): void {
    this.isHalfClosed = true;
    this.state.onEnd(this);
  }

  onDrain(): void {
    if (this.request !== null) this.request.resumeResponse();
    else this.resumeBody();
  }

  onFinish(): void {}

  onError(): void {
    this.destroy();
  }

  get isRequestWhole(): boolean {
    return this.body.isWhole;
  }

  resumeBody(): void {
    if (this.input.isReading) return;
    this.input.resume();
    this.input.readHeld();
    this.#afterRead();
  }

  resumeReading(): void {
    if (!this.input.isPaused) return;
    expectBody(this, this.context.clock.now);
    this.input.resume();
  }

  responseDone(keepAlive: boolean): void {
    this.output.flush();
    this.request = null;
    if (!keepAlive) this.close();
    else if (this.body.isWhole) this.next();
    else {
      this.state = states.drain;
      this.body.restart();
      this.deadline = this.context.clock.now + LINGER_MS;
      this.resumeBody();
    }
  }

  next(): void {
    this.state = states.idle;
    this.deadline = this.context.clock.now + this.context.settings.idleTimeoutMs;
    if (this.input.held !== null || this.isHalfClosed) this.resumeBody();
    else this.input.resume();
  }

  /** Closes at once where the client asked for it and has sent nothing since, as nginx does; else it lingers. */
  close(): void {
    if (this.isLastRequest && this.body.isWhole && this.stream.pendingBytes === 0) {
      this.destroy();
      return;
    }
    this.state = states.closed;
    this.input.drop();
    this.#successor = new LingeringClose(this.stream, {
      deadline: this.context.clock.now + LINGER_MS,
      stallTimeoutMs: this.context.settings.stallTimeoutMs,
      isEnded: this.isHalfClosed,
      onClosed: () => this.#gone(),
    });
  }

  abort(): void {
    this.stream.reset();
    this.#gone();
  }

  detach(tunnel: StreamOwner): DetachedStream {
    this.output.flush();
    this.request = null;
    this.state = states.closed;
    this.#successor = tunnel;
    const rest = this.input.held;
    this.input.drop();
    return { stream: this.stream, rest, isEnded: this.isHalfClosed, release: () => this.#gone() };
  }

  sweep(now: number): void {
    if (this.#successor !== null) this.#successor.sweep(now);
    else if (this.#stall.isStalled(this.stream, now, this.context.settings.stallTimeoutMs)) this.destroy();
    else if (now >= this.deadline) this.state.onDeadline(this, now);
  }

  get isBusy(): boolean {
    return this.#successor?.isBusy ?? (this.request !== null || this.stream.pendingBytes > 0);
  }

  /** Adds what has passed since the last time to the counts. */
  countBytes(): void {
    this.#bytes.add();
  }

  destroy(): void {
    if (this.#successor !== null) this.#successor.destroy();
    else {
      this.stream.destroy();
      this.#gone();
    }
  }

  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#bytes.add();
    this.request?.cancel();
    this.request = null;
    this.peer.release();
    this.context.remove(this);
  }
}
