import { performance } from "node:perf_hooks";
import type { BodyReader, ResponseHead } from "../../../../src/http1/index.ts";
import type { Host } from "../../cluster/host.ts";
import type { FailureReason, RequestStream, ResponseHandler } from "../contract.ts";
import { ByteCounter } from "../io/byte-counter.ts";
import { LingeringClose } from "../io/lingering-close.ts";
import type { ByteStream, StreamHandler } from "../io/stream.ts";
import type { UpstreamContext } from "./context.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseDeadline } from "./response-deadline.ts";
import { type ReceiverOwner, ResponseReceiver } from "./response-receiver.ts";
import { failAll, SentRequests } from "./sent-requests.ts";

/** How long a server may take to read the rest of a request once its response is complete, in milliseconds. */
const LINGER_MS = 5_000;

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
export class UpstreamConnection implements RequestStream, StreamHandler, ReceiverOwner {
  readonly #owner: ConnectionOwner;
  readonly #stream: ByteStream;
  readonly #host: Host;
  readonly #writer: RequestWriter;
  readonly #receiver: ResponseReceiver;
  readonly #sent = new SentRequests();
  readonly #deadline: ResponseDeadline;
  readonly #bytes: ByteCounter;
  readonly #stallTimeoutMs: number;
  /** Responses are to come that nobody waits for any more. */
  #isSpent = false;
  /** What the stream belongs to once it is no longer this connection's: a tunnel, or the close of an upload. */
  #successor: LingeringClose | "tunnel" | null = null;
  #isGone = false;
  /** When the last response was whole, in milliseconds of `performance.now()`; NaN before the first. */
  #completedAt = Number.NaN;

  constructor({ settings, clock, readers }: UpstreamContext, owner: ConnectionOwner, stream: ByteStream, host: Host) {
    this.#owner = owner;
    this.#stream = stream;
    this.#host = host;
    this.#writer = new RequestWriter(stream);
    this.#deadline = new ResponseDeadline(clock, settings);
    this.#receiver = new ResponseReceiver(this, stream, this.#sent, this.#deadline, readers);
    this.#bytes = new ByteCounter(stream, host.counts);
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
    if (!this.#writer.isSending && !this.#receiver.isInBody) this.#deadline.expectResponse();
    return this.#writer.isTaken;
  }

  flush(): void {
    this.#awaitBody(this.#writer.flush());
    if (this.#receiver.isEarly && !this.#writer.isSending) this.#endUpload();
  }

  /** Whoever does not send a body, or does not take it, keeps the other waiting: a slow client is no fault of its server's. */
  #awaitBody(isTaken: boolean): void {
    if (!this.#writer.isSending || this.#receiver.isInBody) return;
    if (isTaken) this.#deadline.clear();
    else this.#deadline.expectResponse();
  }

  /**
   * The rest of a body whose response came before it is sent. Who knows whether the server reads it, or takes it for the next
   * request: the connection is not used again.
   */
  #endUpload(): void {
    this.#sent.take();
    this.#successor = new LingeringClose(this.#stream, {
      deadline: performance.now() + LINGER_MS,
      stallTimeoutMs: this.#stallTimeoutMs,
      isEnded: false,
      onClosed: () => this.destroy(),
    });
  }

  resume(): void {
    const { input, isInBody } = this.#receiver;
    if (!input.isPaused) return;
    if (isInBody) this.#deadline.expectMore();
    else this.#deadline.expectResponse();
    input.resume();
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
    this.#receiver.read(chunk);
  }

  /** The server has seen the request: its connection is not stale. */
  responseAnnounced(): void {
    this.#completedAt = Number.NaN;
  }

  responseEnded(handler: ResponseHandler, moreCame: boolean): void {
    const { isLasting, trailers } = this.#receiver;
    const isUploading = this.#writer.isSending && isLasting && this.#writer.error === null && !moreCame;
    this.#receiver.isEarly = isUploading;
    if (isUploading) this.#awaitBody(!this.#stream.isSaturated);
    else this.#completeResponse(moreCame);
    handler.onResponseEnd(trailers, isUploading);
  }

  responseDropped(handler: ResponseHandler, moreCame: boolean): void {
    this.#completeResponse(moreCame);
    handler.onResponseDropped();
  }

  /** Called when the response that was arriving is complete. */
  #completeResponse(moreCame: boolean): void {
    const now = performance.now();
    const firstMs = this.#sent.shift(now);
    this.#completedAt = now;
    // What was taken back was asked for here, too.
    const isUnsolicited = moreCame && this.#sent.length === 0 && !this.#isSpent;
    if (isUnsolicited) this.#owner.recordUnsolicited();
    if (isUnsolicited || !this.#isReusable) this.#closeAfterResponse();
    else if (this.#sent.length === 0) this.#becomeIdle();
    else {
      // The response to the next pipelined request is to come.
      if (firstMs !== null) this.#owner.recordFirstResponse(firstMs);
      this.#deadline.expectResponse();
      this.resume();
    }
  }

  get #isReusable(): boolean {
    return this.#receiver.isLasting && !this.#writer.isSending && !this.#isSpent && this.#writer.error === null;
  }

  /** Waits for the next request. */
  #becomeIdle(): void {
    this.#receiver.input.resume();
    this.#deadline.expectRequest();
    this.#owner.release(this);
  }

  /** Ends. Requests behind the last response were not looked at (RFC 9112, 9.6). */
  #closeAfterResponse(): void {
    const rest = this.#sent.take();
    this.destroy();
    failAll(rest, "blocked", "EOF");
  }

  upgraded(handler: ResponseHandler, head: ResponseHead, rest: Buffer): void {
    this.#successor = "tunnel";
    this.#sent.take();
    handler.onUpgrade(head, { stream: this.#stream, rest, isEnded: false, release: () => this.destroy() });
  }

  // ---- the end

  onEnd(): void {
    // libuv reports a reset that arrives with the last bytes as an end.
    const isReset = this.#stream.isReset();
    const answered = isReset ? undefined : this.#receiver.end();
    if (answered === undefined) this.#onClosed(isReset ? "ECONNRESET" : "EOF");
    else this.responseEnded(answered, false);
  }

  onError(code: string, operation: "read" | "write"): void {
    if (operation === "read" || this.#sent.length === 0) {
      this.#onClosed(this.#writer.error ?? code);
      return;
    }
    this.#writer.error = code;
    this.#deadline.expectRest();
    this.#receiver.input.resume();
    // Whatever else comes of the body is dropped: nothing holds it up.
    this.#sent.first?.onRequestDrain();
  }

  /** The server has closed or reset the connection. */
  #onClosed(code: string): void {
    const isStale = !Number.isNaN(this.#completedAt) && !this.#receiver.isAnswering;
    if (isStale) this.#owner.recordClose(performance.now() - this.#completedAt);
    this.responseFailed(isStale ? "stale" : "broken", code);
  }

  /** Ends, and with it all that was under way. */
  responseFailed(reason: FailureReason, code: string): void {
    const { wasSent } = this.#writer;
    const [first, ...rest] = this.#sent.take();
    this.destroy();
    if (rest.length > 0) this.#owner.recordBlocked();
    if (first?.request.isOver === false) first.onResponseError({ reason, code, wasSent });
    failAll(rest, "blocked", code);
  }

  /** Bytes that nobody asked for (RFC 9112, 9.2): whose response would the next be? */
  bytesUnsolicited(): void {
    this.#owner.recordUnsolicited();
    this.responseFailed("broken", "EPROTO");
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
    const blocked = this.#sent.takeBlocked(now, timeoutMs, this.#receiver.isAnswering);
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
    if (this.#sent.length > 0 && !this.#receiver.isAnswering && this.#sent.isReplayable)
      this.responseFailed("host-down", "DOWN");
  }

  /** Called now and then: ends what takes too long. */
  sweep(now: number): void {
    if (this.#successor instanceof LingeringClose) this.#successor.sweep(now);
    else if (this.#successor !== null || !this.#deadline.isPast(now)) return;
    else if (this.#writer.error !== null) this.responseFailed("broken", this.#writer.error);
    else if (this.#sent.length > 0) this.responseFailed("response-timeout", "TIMEOUT");
    else this.destroy();
  }

  /** Adds what has passed since the last time to the server's counts. */
  countBytes(): void {
    this.#bytes.add();
  }

  /** Closes the connection; the handlers of its requests, if there are any, get no event. */
  destroy(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#bytes.add();
    this.#host.connections -= 1;
    this.#stream.destroy();
    this.#owner.remove(this);
  }
}
