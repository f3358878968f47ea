import { connect, type Socket } from "node:net";
import { type BodyReader, Field, Framing, incomplete, type ResponseHead } from "../../../src/http1/index.ts";
import { codeOf } from "../config/error-code.ts";
import { AnswerReader, type AnswerTaker } from "./answer-reader.ts";
import type { PlaneContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type Failure, failures, unconnected } from "./failure.ts";
import { Input } from "./input.ts";
import { addRun } from "./kept-body.ts";
import { Output } from "./output.ts";
import type { Pool } from "./pool.ts";
import type { Tunnel } from "./tunnel.ts";

/** What comes from any server is read into this, and used or copied before anything else is read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** A connection to a server: requests out, answers back in the same order. */
export class ServerConnection implements AnswerTaker {
  readonly #context: PlaneContext;
  readonly #pool: Pool;
  readonly #socket: Socket;
  /** The requests that were sent and are not answered; the first is the one that is answered now. */
  readonly #queue: Exchange[] = [];
  #isConnected = false;
  readonly #input: Input;
  readonly #answers: AnswerReader;
  /** It may be used for another request after the present answer. */
  #lasts = true;
  /** Answers are to come that nobody waits for any more. */
  #isSpent = false;
  /** When a request that shares the connection was sent or answered last. */
  #progress = 0;
  /** None of the requests that share the connection is answered. */
  #isFresh = false;
  /** The body of the last request has not been sent whole. */
  #isSending = false;
  readonly #output: Output;
  #deadline: number;
  #failure: Failure = failures.broken;
  #code = "";
  /** Bytes of the socket that are counted. */
  #sent = 0;
  #received = 0;
  #tunnel: Tunnel | null = null;

  /** Connects, for `exchanges`. */
  constructor(context: PlaneContext, pool: Pool, exchanges: readonly Exchange[]) {
    this.#context = context;
    this.#pool = pool;
    this.#queue.push(...exchanges);
    this.#deadline = context.now + context.settings.connectTimeoutMs;
    const { host, port } = pool.host.endpoint;
    const onread = { buffer: shared, callback: this.#onRead };
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: true, onread }, this.#onConnect);
    this.#output = new Output(this.#socket);
    this.#input = new Input(this.#socket, (bytes, at) => this.#take(bytes, at));
    this.#answers = new AnswerReader(context.readers, this);
    this.#socket.on("error", this.#onError);
    this.#socket.on("end", this.#onEnd);
    this.#socket.on("drain", this.#onDrain);
    this.#socket.on("close", this.#onClose);
  }

  /** How many requests are under way. */
  get pending(): number {
    return this.#queue.length;
  }

  destroy(): void {
    this.#socket.destroy();
    this.#pool.remove(this);
  }

  /** Called now and then: ends what takes too long. */
  sweep(now: number): void {
    if (this.#tunnel !== null) this.#tunnel.sweep(now);
    else if (now >= this.#deadline) this.#late();
  }

  #late(): void {
    if (this.#queue.length > 0)
      this.#fail(this.#isConnected ? failures.answerTimeout : failures.connectTimeout, "TIMEOUT");
    else this.destroy();
  }

  /** Sends requests of which each but the last is without a body, in one write. */
  send(exchanges: readonly Exchange[]): void {
    this.#pool.host.counts.connectionsReused += exchanges.length;
    this.#queue.push(...exchanges);
    this.#sendAll(exchanges);
  }

  #sendAll(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) this.#output.add(exchange.opening);
    this.#isSending = exchanges[0]?.isWhole === false;
    this.#deadline = this.#context.now + this.#context.settings.responseTimeoutMs;
    let isSeenTo = false;
    for (const exchange of exchanges) isSeenTo = exchange.sent(this);
    if (!isSeenTo) this.flush();
    this.#isFresh = exchanges.length > 1;
    if (this.#isFresh) this.#progress = performance.now();
  }

  /**
   * Requests that have waited behind another one for long, if they may be made again. They are not waited for here any
   * more, and may go elsewhere.
   */
  takeBack(now: number): Exchange[] {
    if (this.#queue.length < 2 || now - this.#progress < this.#pool.patienceMs) return [];
    const waiting = this.#queue.slice(1).filter(({ isOver }) => !isOver);
    if (!this.#context.budget.take(now, waiting.length)) return [];
    this.#isSpent = true;
    for (const exchange of this.#queue.splice(1)) exchange.connection = null;
    this.#pool.host.counts.retries += waiting.length;
    if (this.#queue[0]?.isOver === true) this.#endUnasked();
    return waiting;
  }

  /** Sends the run of a body that `body` has just found in `bytes`. Returns false when the server should be waited for. */
  sendBody(bytes: Buffer, body: BodyReader): boolean {
    addRun(this.#output, bytes, body);
    if (body.done) {
      this.#isSending = false;
      if (!this.#answers.inBody) this.#deadline = this.#context.now + this.#context.settings.responseTimeoutMs;
    }
    return !this.#socket.writableNeedDrain;
  }

  /** Writes what has been added. */
  flush(): void {
    this.#awaitBody(this.#output.flush());
  }

  /** Whoever does not send a body, or does not take it, keeps the other waiting: a slow client is no fault of its server's. */
  #awaitBody(isTaken: boolean): void {
    if (!this.#isSending || this.#answers.inBody) return;
    this.#deadline = isTaken ? Number.POSITIVE_INFINITY : this.#context.now + this.#context.settings.responseTimeoutMs;
  }

  /** The client can take more. */
  resume(): void {
    if (!this.#input.isPaused) return;
    this.#deadline = this.#patience();
    this.#input.resume();
  }

  #patience(): number {
    const { responseTimeoutMs, stallTimeoutMs } = this.#context.settings;
    return this.#context.now + (this.#answers.inBody ? stallTimeoutMs : responseTimeoutMs);
  }

  /** Nobody waits for the answer of `exchange`: the connection ends, unless others wait behind it. */
  abandon(exchange: Exchange): void {
    if (this.#queue.every((each) => each === exchange || each.isOver)) this.#endUnasked();
    else if (this.#queue[0] === exchange) this.resume();
  }

  /** Nobody waits for what is under way any more. */
  #endUnasked(): void {
    if (this.#tunnel !== null) return;
    this.#queue.length = 0;
    this.destroy();
  }

  readonly #onConnect = (): void => {
    this.#isConnected = true;
    this.#pool.host.connections += 1;
    this.#pool.host.counts.connectionsOpened += 1;
    const waiting = this.#queue.filter(({ isOver }) => !isOver);
    this.#queue.length = 0;
    this.#queue.push(...waiting);
    if (waiting.length > 0) this.#sendAll(waiting);
    else this.#rest();
  };

  readonly #onRead = (length: number): boolean => {
    if (this.#tunnel !== null) this.#tunnel.fromServer(shared.subarray(0, length));
    else {
      this.#input.read(shared.subarray(0, length));
      if (this.#queue[0]?.flush() === false) this.#pause();
    }
    return true;
  };

  #pause(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#input.pause();
  }

  #take(bytes: Buffer, at: number): number {
    const next = this.#answers.take(bytes, at);
    return next === incomplete ? this.#input.hold(bytes, at) : next;
  }

  get answering(): string | null {
    return this.#queue[0]?.method ?? null;
  }

  /** Bytes that nobody asked for (RFC 9112, 9.3): whose answer would the next be? */
  unasked(): void {
    this.#pool.saidMore();
    this.destroy();
  }

  bad(): void {
    this.#fail(failures.badAnswer, "EPROTO");
  }

  interim(head: ResponseHead, bytes: Buffer, next: number): boolean {
    const exchange = this.#queue[0];
    if (head.status !== 101) {
      exchange?.interim(head);
      return true;
    }
    if (exchange === undefined || !exchange.mayTunnel(head)) this.bad();
    else {
      this.#queue.length = 0;
      this.#tunnel = exchange.upgrade(head, this.#socket);
      if (next < bytes.length) this.#tunnel.fromServer(bytes.subarray(next));
    }
    return false;
  }

  head(head: ResponseHead, framing: Framing, moreCame: boolean): boolean {
    const exchange = this.#queue[0];
    this.#lasts =
      head.keepAlive && framing !== Framing.close && (this.#queue.length === 1 || !tellsOfBody(head, framing));
    if (exchange?.mayGoElsewhere(head.status)) {
      this.#sendElsewhere(exchange, framing, moreCame);
      return false;
    }
    exchange?.answer(head, framing);
    this.#deadline = this.#context.now + this.#context.settings.stallTimeoutMs;
    return true;
  }

  /** Nobody wants this answer: where there is more of it than its head, the connection ends. */
  #sendElsewhere(exchange: Exchange, framing: Framing, moreCame: boolean): void {
    if (framing !== Framing.none) this.#lasts = false;
    this.#free(exchange, moreCame && framing === Framing.none);
    exchange.tryElsewhere();
  }

  data(bytes: Buffer, from: number, to: number): void {
    this.#queue[0]?.data(bytes, from, to);
    this.#deadline = this.#patience();
  }

  whole(trailers: string, moreCame: boolean): void {
    const exchange = this.#queue[0];
    if (exchange === undefined) return;
    this.#free(exchange, moreCame);
    exchange.finish(trailers);
  }

  /** Nothing more is to come for the request that is answered now. */
  #free(exchange: Exchange, moreCame: boolean): void {
    this.#queue.shift();
    exchange.connection = null;
    // What nobody asked for must not meet the next request. Requests that were taken back were asked here, too.
    const isUnasked = moreCame && this.#queue.length === 0 && !this.#isSpent;
    if (isUnasked) this.#pool.saidMore();
    if (!this.#lasts || this.#isSending || this.#isSpent || isUnasked) this.#leave();
    else if (this.#queue.length === 0) this.#rest();
    else this.#goOn();
  }

  /** The answer to the next request is to come. */
  #goOn(): void {
    const now = performance.now();
    this.#deadline = now + this.#context.settings.responseTimeoutMs;
    // The answers behind the first come with it, and say nothing of the time that one takes.
    if (this.#isFresh) this.#pool.answeredIn(now - this.#progress);
    this.#isFresh = false;
    this.#progress = now;
    this.resume();
  }

  /** Waits for the next request. */
  #rest(): void {
    this.#input.resume();
    this.#deadline = this.#context.now + this.#pool.idleMs;
    this.#pool.release(this);
  }

  /** Ends; requests behind the last answer were not looked at (RFC 9112, 9.6), and go elsewhere. */
  #leave(): void {
    const rest = this.#queue.splice(0);
    this.destroy();
    for (const exchange of rest) {
      exchange.connection = null;
      this.#pool.send(exchange);
    }
  }

  /** Ends, and with it all that was under way. */
  #fail(failure: Failure, code: string): void {
    if (failure === failures.badAnswer) this.#pool.distrust();
    const exchanges = this.#queue.splice(0);
    this.destroy();
    for (const [at, exchange] of exchanges.entries()) {
      exchange.connection = null;
      exchange.failed(at === 0 || !this.#isConnected ? failure : failures.broken, code, at === 0);
    }
  }

  readonly #onDrain = (): void => {
    this.#awaitBody(true);
    this.#queue[0]?.serverDrained();
  };

  readonly #onError = (error: Error): void => {
    this.#code = codeOf(error);
    this.#failure = this.#isConnected ? failures.broken : unconnected(error);
  };

  readonly #onEnd = (): void => {
    if (this.#tunnel !== null) return;
    // A reset that comes with the last bytes is told as an end (by libuv); but who was reset has no peer any more.
    const isReset = this.#socket.remoteAddress === undefined;
    if (isReset || !this.#answers.end()) this.#fail(failures.broken, isReset ? "ECONNRESET" : "EOF");
  };

  /** Adds what has gone by since the last time to what is counted of the server. */
  countBytes(): void {
    const { bytesWritten, bytesRead } = this.#socket;
    const { counts } = this.#pool.host;
    counts.bytesSent += bytesWritten - this.#sent;
    counts.bytesReceived += bytesRead - this.#received;
    this.#sent = bytesWritten;
    this.#received = bytesRead;
  }

  readonly #onClose = (): void => {
    if (this.#isConnected) this.#pool.host.connections -= 1;
    this.countBytes();
    this.#fail(this.#failure, this.#code === "" ? "EOF" : this.#code);
  };
}

/** An answer without a body whose fields tell of one (204, 304): some servers send it all the same. */
const tellsOfBody = ({ fields }: ResponseHead, framing: Framing): boolean =>
  framing === Framing.none && (fields.contentLength > 0 || (fields.present & (1 << Field.transferEncoding)) !== 0);
