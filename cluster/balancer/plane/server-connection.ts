import { connect, type Socket } from "node:net";
import {
  BodyReader,
  chunkHead,
  Field,
  Framing,
  more,
  type ResponseHead,
  responseFraming,
} from "../../../src/http1/index.ts";
import { codeOf } from "../error-code.ts";
import type { Client } from "./client.ts";
import type { PlaneContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type Failure, failures, unconnected } from "./failure.ts";
import { Output } from "./output.ts";
import type { Pool } from "./pool.ts";
import type { Tunnel } from "./tunnel.ts";

/** What comes from any server is read into this, and used or copied before anything else is read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** A connection to a server: requests out, answers back in the same order. */
export class ServerConnection {
  readonly #context: PlaneContext;
  readonly #pool: Pool;
  readonly #socket: Socket;
  /** The requests that were sent and are not answered; the first is the one that is answered now. */
  readonly #queue: Exchange[] = [];
  #isConnected = false;
  #reader: ResponseHead | null = null;
  readonly #body = new BodyReader();
  /** The head of an answer so far. */
  #held: Buffer | null = null;
  /** The head of the present answer is read, its body is not. */
  #inBody = false;
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
  #isPaused = false;
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
    const { host, port } = pool.upstream.endpoint;
    const onread = { buffer: shared, callback: this.#onRead };
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: true, onread }, this.#onConnect);
    this.#output = new Output(this.#socket);
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
    this.#pool.upstream.counts.connectionsReused += exchanges.length;
    this.#queue.push(...exchanges);
    this.#sendAll(exchanges);
  }

  #sendAll(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) this.#output.add(exchange.head);
    this.#isSending = exchanges[0]?.framing !== Framing.none;
    this.#deadline = this.#context.now + this.#context.settings.answerTimeoutMs;
    let isSeenTo = false;
    for (const exchange of exchanges) isSeenTo = exchange.sent(this);
    if (!isSeenTo) this.flush();
    this.#isFresh = exchanges.length > 1;
    if (this.#isFresh) this.#progress = performance.now();
  }

  /** Requests that have waited behind another one for long. They are not waited for here any more, and may go elsewhere. */
  takeBack(now: number): Exchange[] {
    if (this.#queue.length < 2 || now - this.#progress < this.#pool.patienceMs) return [];
    this.#isSpent = true;
    const rest = this.#queue.splice(1);
    for (const exchange of rest) exchange.connection = null;
    if (this.#queue[0]?.isOver === true) this.#endUnasked();
    return rest.filter(({ isOver }) => !isOver);
  }

  /** Sends the run of a body that `body` has just found in `bytes`. Returns false when the server should be waited for. */
  sendBody(bytes: Buffer, { dataStart, dataEnd, framing, done, trailers }: BodyReader): boolean {
    const length = dataEnd - dataStart;
    const isChunked = framing === Framing.chunked;
    if (length > 0) {
      if (isChunked) this.#output.add(chunkHead(length));
      this.#output.addData(bytes, dataStart, dataEnd);
      if (isChunked) this.#output.add("\r\n");
    }
    if (done) {
      if (isChunked) this.#output.add(`0\r\n${trailers}\r\n`);
      this.#isSending = false;
    }
    if (!this.#inBody) this.#deadline = this.#context.now + this.#context.settings.answerTimeoutMs;
    return !this.#socket.writableNeedDrain;
  }

  /** Writes what has been added. */
  flush(): void {
    this.#output.flush();
  }

  /** The client can take more. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#deadline = this.#patience();
    this.#socket.resume();
  }

  #patience(): number {
    return this.#context.now + this.#context.settings.stallTimeoutMs;
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
    this.#pool.upstream.connections += 1;
    this.#pool.upstream.counts.connectionsMade += 1;
    const waiting = this.#queue.filter(({ isOver }) => !isOver);
    this.#queue.length = 0;
    this.#queue.push(...waiting);
    if (waiting.length > 0) this.#sendAll(waiting);
    else this.#rest();
  };

  readonly #onRead = (length: number): boolean => {
    if (this.#tunnel !== null) {
      this.#tunnel.fromServer(shared.subarray(0, length));
      return true;
    }
    const bytes =
      this.#held === null ? shared.subarray(0, length) : Buffer.concat([this.#held, shared.subarray(0, length)]);
    this.#held = null;
    let at = 0;
    while (at >= 0 && at < bytes.length && !this.#socket.destroyed) at = this.#take(bytes, at);
    const [exchange] = this.#queue;
    if (this.#inBody && exchange?.flush() === false) this.#pause();
    return true;
  };

  #pause(): void {
    this.#isPaused = true;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#socket.pause();
  }

  /** Takes what comes next; returns where to go on, or -1 when there is no more to do. */
  #take(bytes: Buffer, at: number): number {
    const [exchange] = this.#queue;
    if (exchange === undefined) {
      // Bytes that nobody asked for (RFC 9112, 9.3): whose answer would the next be?
      this.#pool.distrust();
      this.destroy();
      return -1;
    }
    return this.#inBody ? this.#takeBody(exchange, bytes, at) : this.#takeHead(exchange, bytes, at);
  }

  #takeHead(exchange: Exchange, bytes: Buffer, at: number): number {
    const reader = this.#reader ?? this.#context.readers.takeAnswer();
    const next = reader.read(bytes, at, bytes.length);
    if (next === more) {
      this.#reader = reader;
      // The bytes are those of the shared buffer.
      this.#held = Buffer.from(bytes.subarray(at));
      return -1;
    }
    this.#reader = null;
    this.#context.readers.giveAnswer(reader);
    if (next < 0) this.#fail(failures.badAnswer, "EPROTO");
    else if (reader.status < 200) return this.#takeInterim(exchange, reader, bytes, next);
    else if (this.#begin(exchange, reader, next < bytes.length) && this.#body.done)
      this.#finish(exchange, next < bytes.length);
    return next < 0 ? -1 : next;
  }

  #takeInterim(exchange: Exchange, head: ResponseHead, bytes: Buffer, next: number): number {
    if (head.status !== 101) {
      exchange.interim(head);
      return next;
    }
    if (!exchange.upgrades || exchange.isOver || (head.fields.present & (1 << Field.upgrade)) === 0) {
      this.#fail(failures.badAnswer, "EPROTO");
      return -1;
    }
    this.#queue.length = 0;
    exchange.upgrade(head, this);
    if (next < bytes.length) this.#tunnel?.fromServer(bytes.subarray(next));
    return -1;
  }

  /** Returns false when the answer is not wanted: the request is made elsewhere. */
  #begin(exchange: Exchange, head: ResponseHead, moreCame: boolean): boolean {
    const framing = responseFraming(head, exchange.method);
    this.#lasts =
      head.persists && framing !== Framing.close && (this.#queue.length === 1 || !tellsOfBody(head, framing));
    if (exchange.mayGoElsewhere(head.status)) {
      this.#sendElsewhere(exchange, framing, moreCame && framing === Framing.none);
      return false;
    }
    exchange.answer(head, framing);
    this.#body.begin(framing, head.fields.contentLength);
    this.#inBody = true;
    if (!this.#body.done) this.#deadline = this.#patience();
    return true;
  }

  /** Nobody wants this answer: where there is more of it than its head, the connection ends. */
  #sendElsewhere(exchange: Exchange, framing: Framing, moreCame: boolean): void {
    if (framing !== Framing.none) this.#lasts = false;
    this.#body.begin(Framing.none, 0);
    this.#free(exchange, moreCame);
    exchange.tryElsewhere();
  }

  #takeBody(exchange: Exchange, bytes: Buffer, at: number): number {
    const body = this.#body;
    const next = body.read(bytes, at, bytes.length);
    if (body.refusal !== null) {
      this.#fail(failures.badAnswer, "EPROTO");
      return -1;
    }
    exchange.data(bytes, body.dataStart, body.dataEnd);
    this.#deadline = this.#patience();
    if (body.done) this.#finish(exchange, next < bytes.length);
    return next;
  }

  /** The present answer is whole. When more has come, and nobody asked for it, it must not meet the next request. */
  #finish(exchange: Exchange, moreCame: boolean): void {
    this.#free(exchange, moreCame);
    exchange.finish(this.#body.trailers);
  }

  /** Nothing more is to come for the request that is answered now. */
  #free(exchange: Exchange, moreCame: boolean): void {
    this.#inBody = false;
    this.#queue.shift();
    exchange.connection = null;
    const isUnasked = moreCame && this.#queue.length === 0;
    if (isUnasked) this.#pool.distrust();
    if (!this.#lasts || this.#isSending || this.#isSpent || isUnasked) this.#leave();
    else if (this.#queue.length === 0) this.#rest();
    else this.#goOn();
  }

  /** The answer to the next request is to come. */
  #goOn(): void {
    const now = performance.now();
    this.#deadline = now + this.#context.settings.answerTimeoutMs;
    // The answers behind the first come with it, and say nothing of the time that one takes.
    if (this.#isFresh) this.#pool.answeredIn(now - this.#progress);
    this.#isFresh = false;
    this.#progress = now;
    this.resume();
  }

  /** Waits for the next request. */
  #rest(): void {
    this.#deadline = this.#context.now + this.#pool.idleMs;
    if (this.#isPaused) this.resume();
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

  /** The server has agreed to another protocol. */
  openTunnel(client: Client): void {
    this.#tunnel = client.openTunnel(this.#socket);
  }

  readonly #onDrain = (): void => {
    this.#queue[0]?.serverDrained();
  };

  readonly #onError = (error: Error): void => {
    this.#code = codeOf(error);
    this.#failure = this.#isConnected ? failures.broken : unconnected(error);
  };

  readonly #onEnd = (): void => {
    if (this.#tunnel !== null) return;
    const [exchange] = this.#queue;
    if (exchange !== undefined && this.#inBody && this.#body.framing === Framing.close) this.#finish(exchange, false);
    else this.#fail(failures.broken, "EOF");
  };

  /** Adds what has gone by since the last time to what is counted of the server. */
  countBytes(): void {
    const { bytesWritten, bytesRead } = this.#socket;
    const { counts } = this.#pool.upstream;
    counts.bytesSent += bytesWritten - this.#sent;
    counts.bytesReceived += bytesRead - this.#received;
    this.#sent = bytesWritten;
    this.#received = bytesRead;
  }

  readonly #onClose = (): void => {
    if (this.#isConnected) this.#pool.upstream.connections -= 1;
    this.countBytes();
    this.#fail(this.#failure, this.#code === "" ? "EOF" : this.#code);
  };
}

/** An answer without a body whose fields tell of one (204, 304): some servers send it all the same. */
const tellsOfBody = ({ fields }: ResponseHead, framing: Framing): boolean =>
  framing === Framing.none && (fields.contentLength > 0 || (fields.present & (1 << Field.transferEncoding)) !== 0);
