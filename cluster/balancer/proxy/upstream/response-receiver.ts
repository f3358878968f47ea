import { Field, Framing, type ResponseHead } from "../../../../src/http1/index.ts";
import type { FailureReason, ResponseHandler } from "../contract.ts";
import { hasField } from "../headers/hop-by-hop.ts";
import type { HeadReaders } from "../io/head-readers.ts";
import { Input } from "../io/input.ts";
import type { ByteStream } from "../io/stream.ts";
import type { ResponseDeadline } from "./response-deadline.ts";
import { ResponseEvent, ResponseReader } from "./response-reader.ts";
import type { SentRequests } from "./sent-requests.ts";

/** Gets the responses that arrive on a connection, event by event. */
export interface ReceiverOwner {
  /** The head of an informational response has come. */
  responseAnnounced(): void;
  /** The response to the first request is whole; `moreCame`: bytes stand behind it. */
  responseEnded(handler: ResponseHandler, moreCame: boolean): void;
  /** The response to the first request is not wanted: what there is of it beyond its head is not read. */
  responseDropped(handler: ResponseHandler, moreCame: boolean): void;
  /** The server speaks another protocol from here on; `rest` is what it has said. */
  upgraded(handler: ResponseHandler, head: ResponseHead, rest: Buffer): void;
  /** Bytes have come that nobody asked for. */
  bytesUnsolicited(): void;
  responseFailed(reason: FailureReason, code: string): void;
}

/** Reads what a server sends, and gives each response to the handler of its request. */
export class ResponseReceiver {
  readonly input: Input;
  /** The connection may be used for another request after the present response. */
  isLasting = true;
  /** The response to the first request has come whole, and the rest of that request is still being sent. */
  isEarly = false;
  readonly #owner: ReceiverOwner;
  readonly #sent: SentRequests;
  readonly #deadline: ResponseDeadline;
  readonly #reader: ResponseReader;

  constructor(
    owner: ReceiverOwner,
    stream: ByteStream,
    sent: SentRequests,
    deadline: ResponseDeadline,
    readers: HeadReaders,
  ) {
    this.#owner = owner;
    this.#sent = sent;
    this.#deadline = deadline;
    this.#reader = new ResponseReader(readers);
    this.input = new Input(stream, (bytes, at) => this.#take(bytes, at));
  }

  /** The head of a response has been read and its body has not. */
  get isInBody(): boolean {
    return this.#reader.isInBody;
  }

  /** Some of the response to the first request has come. */
  get isAnswering(): boolean {
    return this.#reader.isInBody || this.#reader.isInHead || this.isEarly;
  }

  /** The trailers of the response that was read last, each with its CRLF. */
  get trailers(): string {
    return this.#reader.body.trailers;
  }

  /** Takes bytes that have arrived, in a buffer that is read into again. */
  read(chunk: Buffer): void {
    this.input.read(chunk);
    if (this.#sent.first?.onReadComplete() !== false) return;
    this.#deadline.clear();
    this.input.pause();
  }

  /** The connection has ended. Returns the handler whose response is whole by that, if any. */
  end(): ResponseHandler | undefined {
    return this.#reader.end() ? this.#sent.first : undefined;
  }

  /** Takes what stands at `at`; returns the offset to go on from, or -1 when there is no more to do. */
  #take(bytes: Buffer, at: number): number {
    const handler = this.#sent.first;
    if (handler === undefined || this.isEarly) {
      this.#owner.bytesUnsolicited();
      return -1;
    }
    switch (this.#reader.read(bytes, at, handler.request.method)) {
      case ResponseEvent.incomplete:
        return this.input.hold(bytes, at);
      case ResponseEvent.informational:
        return this.#takeInformational(handler, bytes);
      case ResponseEvent.head:
        return this.#takeHead(handler, bytes);
      case ResponseEvent.data:
        return this.#takeData(handler, bytes);
      default:
        return this.#reject();
    }
  }

  #reject(): -1 {
    this.#owner.responseFailed("bad-response", "EPROTO");
    return -1;
  }

  #takeInformational(handler: ResponseHandler, bytes: Buffer): number {
    const { head, next } = this.#reader;
    if (head.status !== 101) {
      this.#owner.responseAnnounced();
      handler.onInformational(head);
      return next;
    }
    if (!handler.acceptsUpgrade(head)) return this.#reject();
    this.#owner.upgraded(handler, head, Buffer.from(bytes.subarray(next)));
    return -1;
  }

  #takeHead(handler: ResponseHandler, bytes: Buffer): number {
    const reader = this.#reader;
    const { head, framing, next } = reader;
    const isPipelined = this.#sent.length > 1;
    this.isLasting = head.keepAlive && framing !== Framing.close && !(isPipelined && tellsOfBody(reader));
    this.#deadline.expectMore();
    if (handler.onResponseStart(head, framing, this.isLasting)) {
      if (!reader.isInBody) this.#owner.responseEnded(handler, next < bytes.length);
      return next;
    }
    // Where there is more of it than its head, the connection ends.
    if (reader.isInBody) this.isLasting = false;
    const moreCame = !reader.isInBody && next < bytes.length;
    reader.isInBody = false;
    this.#owner.responseDropped(handler, moreCame);
    return next;
  }

  #takeData(handler: ResponseHandler, bytes: Buffer): number {
    const { body, next, isInBody } = this.#reader;
    if (body.dataEnd > body.dataStart) handler.onResponseData(bytes, body.dataStart, body.dataEnd);
    if (isInBody) this.#deadline.expectMore();
    else this.#owner.responseEnded(handler, next < bytes.length);
    return next;
  }
}

/** Whether a response that has no body says that it has one, as to HEAD: some servers send it all the same. */
const tellsOfBody = ({ framing, head: { fields } }: ResponseReader): boolean =>
  framing === Framing.none && (fields.contentLength > 0 || hasField(fields, Field.transferEncoding));
