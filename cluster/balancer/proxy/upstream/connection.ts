import { performance } from "node:perf_hooks";
import { type BodyReader, Field, Framing } from "../../../../src/http1/index.ts";
import type { Host } from "../../cluster/host.ts";
import type { FailureReason, RequestStream, ResponseHandler } from "../contract.ts";
import { hasField } from "../headers/hop-by-hop.ts";
import { ByteCounter } from "../io/byte-counter.ts";
import { Input } from "../io/input.ts";
import { LingeringClose } from "../io/lingering-close.ts";
import type { ByteStream, StreamHandler } from "../io/stream.ts";
import type { UpstreamContext } from "./context.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseDeadline } from "./response-deadline.ts";
import { ResponseEvent, ResponseReader } from "./response-reader.ts";
import { failAll, SentRequests } from "./sent-requests.ts";

/** How long a server may take to read the rest of a request that it has answered, in milliseconds. */
const lingerMs = 5_000;

/** What a connection tells its pool. */
export interface ConnectionOwner {
  /** The connection is free for another request. */
  release(connection: UpstreamConnection): void;
  /** The connection has ended. */
  remove(connection: UpstreamConnection): void;
  /** The server closed so many milliseconds after its last response, without having said so. */
  recordClose(msSinceResponse: number): void;
  /** The first response of a pipelined batch took so long. */
  recordFirstResponse(ms: number): void;
  /** The server kept a pipelined request waiting, or dropped it. */
  recordBlocked(): void;
  /** The server sent bytes that nobody asked for. */
  recordUnsolicited(): void;
}

/** A connection to a server: requests out, responses back in the same order. */
export class UpstreamConnection implements RequestStream, StreamHandler {
  readonly #owner: ConnectionOwner;
  readonly #stream: ByteStream;
  readonly #host: Host;
  readonly #input: Input;
  readonly #writer: RequestWriter;
  readonly #reader: ResponseReader;
  readonly #bytes: ByteCounter;
  readonly #sent = new SentRequests();
  readonly #deadline: ResponseDeadline;
  readonly #stallTimeoutMs: number;
  /** It may be used for another request after the present response. */
  #isLasting = true;
  /** Responses are to come that nobody waits for any more. */
  #isSpent = false;
  /** The response is whole, and the server still takes the request's body. */
  #isUploading = false;
  /** Its stream belongs to another owner. */
  #isDetached = false;
  #closing: LingeringClose | null = null;
  #isGone = false;
  /** When the last response was whole, in milliseconds of `performance.now()`; NaN before the first. */
  #freedAt = Number.NaN;

  constructor({ settings, clock, readers }: UpstreamContext, owner: ConnectionOwner, stream: ByteStream, host: Host) {
    this.#owner = owner;
    this.#stream = stream;
    this.#host = host;
    this.#input = new Input(stream, (bytes, at) => this.#take(bytes, at));
    this.#writer = new RequestWriter(stream);
    this.#reader = new ResponseReader(readers);
    this.#bytes = new ByteCounter(stream, host.counts);
    this.#deadline = new ResponseDeadline(clock, settings);
    this.#stallTimeoutMs = settings.stallTimeoutMs;
    stream.handler = this;
    host.connections += 1;
    host.counts.connectionsOpened += 1;
  }

  // ---- requests out

  /** Takes requests over and sends them to an idle connection, in one write. Each but the last is without a body. */
  send(handlers: ResponseHandler[]): void {
    this.#writer.begin(handlers);
    this.#sent.begin(handlers);
    this.#deadline.expectResponse();
    const isWhole = !this.#writer.isSending;
    for (const handler of handlers) handler.onRequestStart(this);
    if (isWhole) this.flush();
  }

  sendBody(bytes: Buffer, body: BodyReader): boolean {
    this.#writer.addBody(bytes, body);
    if (!this.#writer.isSending && !this.#reader.isInBody) this.#deadline.expectResponse();
    return this.#writer.isTaken;
  }

  flush(): void {
    this.#awaitBody(this.#writer.flush());
    if (this.#isUploading && !this.#writer.isSending) this.#endUpload();
  }

  /** Whoever does not send a body, or does not take it, keeps the other waiting: a slow client is no fault of its server's. */
  #awaitBody(isTaken: boolean): void {
    if (!this.#writer.isSending || this.#reader.isInBody) return;
    if (isTaken) this.#deadline.clear();
    else this.#deadline.expectResponse();
  }

  /**
   * The rest of a body whose response came before it is sent. Who knows whether the server reads it, or takes it for the next
   * request: the connection is not used again.
   */
  #endUpload(): void {
    this.#sent.take();
    this.#closing = new LingeringClose(this.#stream, {
      deadline: performance.now() + lingerMs,
      stallTimeoutMs: this.#stallTimeoutMs,
      isEnded: false,
      onClosed: () => this.destroy(),
    });
  }

  resume(): void {
    if (!this.#input.isPaused) return;
    this.#expectNextByte();
    this.#input.resume();
  }

  #expectNextByte(): void {
    if (this.#reader.isInBody) this.#deadline.expectMore();
    else this.#deadline.expectResponse();
  }

  cancel(handler: ResponseHandler): void {
    if (this.#sent.isAllOverBut(handler)) {
      this.#sent.take();
      this.destroy();
    } else if (this.#sent.first === handler) this.resume();
  }

  onDrain(): void {
    this.#awaitBody(true);
    this.#sent.first?.onRequestDrain();
  }

  onFinish(): void {}

  // ---- responses back

  onData(chunk: Buffer): void {
    this.#input.read(chunk);
    if (this.#sent.first?.onReadComplete() === false) {
      this.#deadline.clear();
      this.#input.pause();
    }
  }

  /** Takes what stands at `at`; returns the offset to go on from, or -1 when there is no more to do. */
  #take(bytes: Buffer, at: number): number {
    const handler = this.#sent.first;
    if (handler === undefined || this.#isUploading) return this.#endUnsolicited();
    const reader = this.#reader;
    switch (reader.read(bytes, at, handler.request.method)) {
      case ResponseEvent.incomplete:
        return this.#input.hold(bytes, at);
      case ResponseEvent.informational:
        return this.#takeInformational(handler, bytes);
      case ResponseEvent.head:
        return this.#takeHead(handler, bytes);
      case ResponseEvent.data:
        return this.#takeData(handler, bytes);
      default:
        this.#fail("bad-response", "EPROTO");
        return -1;
    }
  }

  #takeInformational(handler: ResponseHandler, bytes: Buffer): number {
    const { head, next } = this.#reader;
    if (head.status !== 101) {
      // The server has seen the request: its connection is not stale.
      this.#freedAt = Number.NaN;
      handler.onInformational(head);
      return next;
    }
    if (!handler.acceptsUpgrade(head)) {
      this.#fail("bad-response", "EPROTO");
      return -1;
    }
    this.#isDetached = true;
    this.#sent.take();
    const rest = Buffer.from(bytes.subarray(next));
    handler.onUpgrade(head, { stream: this.#stream, rest, isEnded: false, release: () => this.destroy() });
    return -1;
  }

  #takeHead(handler: ResponseHandler, bytes: Buffer): number {
    const { head, framing, next, isInBody } = this.#reader;
    const isPipelined = this.#sent.length > 1;
    this.#isLasting = head.keepAlive && framing !== Framing.close && !(isPipelined && tellsOfBody(this.#reader));
    this.#deadline.expectMore();
    if (!handler.onResponseStart(head, framing, this.#isLasting)) {
      // A response that is not wanted is not read: where there is more of it than its head, the connection ends.
      if (isInBody) this.#isLasting = false;
      this.#reader.isInBody = false;
      this.#free(!isInBody && next < bytes.length);
      handler.onResponseDropped();
      return this.#stream.isDestroyed ? -1 : next;
    }
    if (!isInBody) this.#endResponse(handler, next < bytes.length);
    return next;
  }

  #takeData(handler: ResponseHandler, bytes: Buffer): number {
    const { body, next, isInBody } = this.#reader;
    if (body.dataEnd > body.dataStart) handler.onResponseData(bytes, body.dataStart, body.dataEnd);
    if (isInBody) this.#deadline.expectMore();
    else this.#endResponse(handler, next < bytes.length);
    return next;
  }

  /** The response is whole; `moreCame`: bytes stand behind it. */
  #endResponse(handler: ResponseHandler, moreCame: boolean): void {
    const { trailers } = this.#reader.body;
    this.#isUploading = this.#writer.isSending && this.#isLasting && this.#writer.error === null && !moreCame;
    const takesBody = this.#isUploading;
    if (takesBody) this.#awaitBody(!this.#stream.isSaturated);
    else this.#free(moreCame);
    handler.onResponseEnd(trailers, takesBody);
  }

  /** Nothing more is to come for the request that is answered now. */
  #free(moreCame: boolean): void {
    const now = performance.now();
    const firstMs = this.#sent.shift(now);
    this.#freedAt = now;
    // What was taken back was asked for here, too.
    const isUnsolicited = moreCame && this.#sent.length === 0 && !this.#isSpent;
    if (isUnsolicited) this.#owner.recordUnsolicited();
    if (!this.#isLasting || this.#writer.isSending || this.#isSpent || isUnsolicited || this.#writer.error !== null)
      this.#leave();
    else if (this.#sent.length === 0) this.#rest();
    else {
      // The response to the next pipelined request is to come.
      if (firstMs !== null) this.#owner.recordFirstResponse(firstMs);
      this.#deadline.expectResponse();
      this.resume();
    }
  }

  /** Waits for the next request. */
  #rest(): void {
    this.#input.resume();
    this.#deadline.expectRequest();
    this.#owner.release(this);
  }

  /** Ends. Requests behind the last response were not looked at (RFC 9112, 9.6). */
  #leave(): void {
    const rest = this.#sent.take();
    this.destroy();
    failAll(rest, "blocked", "EOF");
  }

  // ---- the end

  onEnd(): void {
    // A reset that arrives with the last bytes is told as an end by libuv.
    const isReset = this.#stream.isReset();
    if (!isReset && this.#reader.end()) this.#endResponse(this.#sent.first as ResponseHandler, false);
    else this.#end(isReset ? "ECONNRESET" : "EOF");
  }

  onError(code: string, operation: "read" | "write"): void {
    if (operation === "read" || this.#sent.length === 0) {
      this.#end(this.#writer.error ?? code);
      return;
    }
    this.#writer.error = code;
    this.#deadline.expectRest();
    this.#input.resume();
    // Whatever else comes of the body is dropped: nothing holds it up.
    this.#sent.first?.onRequestDrain();
  }

  /** The server has closed or reset the connection. */
  #end(code: string): void {
    const isStale = !Number.isNaN(this.#freedAt) && !this.#isAnswering;
    if (isStale) this.#owner.recordClose(performance.now() - this.#freedAt);
    this.#fail(isStale ? "stale" : "broken", code);
  }

  /** Some of the response has come. */
  get #isAnswering(): boolean {
    return this.#reader.isInBody || this.#reader.isInHead || this.#isUploading;
  }

  /** Ends, and with it all that was under way. */
  #fail(reason: FailureReason, code: string): void {
    const [first, ...rest] = this.#sent.take();
    const wasSent = this.#writer.wasSent;
    this.destroy();
    if (rest.length > 0) this.#owner.recordBlocked();
    if (first?.request.isOver === false) first.onResponseError({ reason, code, wasSent });
    failAll(rest, "blocked", code);
  }

  /** Bytes that nobody asked for (RFC 9112, 9.2): whose response would the next be? */
  #endUnsolicited(): number {
    this.#owner.recordUnsolicited();
    this.#fail("broken", "EPROTO");
    return -1;
  }

  /** Pipelined requests are under way. */
  get isPipelined(): boolean {
    return this.#sent.isPipelined;
  }

  /**
   * Gives back the requests that have waited for `timeoutMs` behind another, or as the first after another: they are told that
   * they were blocked. Responses to them may still come, so that the connection ends with the present one.
   */
  releaseBlocked(now: number, timeoutMs: number): void {
    const blocked = this.#sent.takeBlocked(now, timeoutMs, this.#isAnswering);
    if (blocked.length === 0) return;
    this.#isSpent = true;
    this.#owner.recordBlocked();
    if (this.#sent.first?.request.isOver !== false) {
      this.#sent.take();
      this.destroy();
    }
    failAll(blocked, "blocked", "TIMEOUT");
  }

  /** The server was taken out: a request that has no byte of a response and can be sent twice goes elsewhere. */
  hostDown(): void {
    if (this.#sent.length > 0 && !this.#isAnswering && this.#sent.isReplayable) this.#fail("host-down", "DOWN");
  }

  /** Called now and then: ends what takes too long. */
  sweep(now: number): void {
    if (this.#closing !== null) this.#closing.sweep(now);
    else if (this.#isDetached || !this.#deadline.isPast(now)) return;
    else if (this.#writer.error !== null) this.#fail("broken", this.#writer.error);
    else if (this.#sent.length > 0) this.#fail("response-timeout", "TIMEOUT");
    else this.destroy();
  }

  /** Adds what has passed since the last time to the server's counts. */
  countBytes(): void {
    this.#bytes.add();
  }

  /** Ends; its requests, if it has any, are told nothing. */
  destroy(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#bytes.add();
    this.#host.connections -= 1;
    this.#stream.destroy();
    this.#owner.remove(this);
  }
}

/** Whether a response that has no body says that it has one, as to HEAD: some servers send it all the same. */
const tellsOfBody = ({ framing, head: { fields } }: ResponseReader): boolean =>
  framing === Framing.none && (fields.contentLength > 0 || hasField(fields, Field.transferEncoding));
