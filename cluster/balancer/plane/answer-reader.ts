import {
  BodyReader,
  Framing,
  incomplete,
  invalid,
  type ResponseHead,
  responseFraming,
} from "../../../src/http1/index.ts";
import type { Readers } from "./readers.ts";

/** What is done with the answers on a connection, as they come. */
export interface AnswerTaker {
  /** The method of the request that is answered now; null when none is under way. */
  readonly answering: string | null;
  /** An interim answer. Returns whether there is more to read as HTTP. */
  interim(head: ResponseHead, bytes: Buffer, next: number): boolean;
  /** The head of an answer; `moreCame` stands behind it. Returns false when its body is not wanted. */
  head(head: ResponseHead, framing: Framing, moreCame: boolean): boolean;
  /** A run of its body, in a buffer that is used again. */
  data(bytes: Buffer, from: number, to: number): void;
  /** It is whole; `moreCame` stands behind it. */
  whole(trailers: string, moreCame: boolean): void;
  /** What has come is no answer. */
  bad(): void;
  /** Bytes have come, and nothing is under way. */
  unasked(): void;
}

/** Reads the answers on a connection to a server, one after the other. */
export class AnswerReader {
  readonly #readers: Readers;
  readonly #taker: AnswerTaker;
  #head: ResponseHead | null = null;
  readonly #body = new BodyReader();
  #inBody = false;

  constructor(readers: Readers, taker: AnswerTaker) {
    this.#readers = readers;
    this.#taker = taker;
  }

  /** The head of the present answer is read, its body is not. */
  get inBody(): boolean {
    return this.#inBody;
  }

  /** Takes what comes next; returns where to go on, `more` to be given the same again with more behind it, or `refused` when there is no more to do. */
  take(bytes: Buffer, at: number): number {
    const method = this.#taker.answering;
    if (method === null) {
      this.#taker.unasked();
      return invalid;
    }
    return this.#inBody ? this.#takeBody(bytes, at) : this.#takeHead(method, bytes, at);
  }

  /** The connection has ended. Returns whether that is the end of the present answer; it is whole then. */
  end(): boolean {
    if (!this.#inBody || this.#body.framing !== Framing.close) return false;
    this.#finish(false);
    return true;
  }

  #takeHead(method: string, bytes: Buffer, at: number): number {
    const head = this.#head ?? this.#readers.takeAnswer();
    const next = head.read(bytes, at, bytes.length);
    this.#head = next === incomplete ? head : null;
    if (next === incomplete) return incomplete;
    this.#readers.giveAnswer(head);
    if (next < 0) this.#taker.bad();
    else if (head.status < 200) return this.#taker.interim(head, bytes, next) ? next : invalid;
    else this.#begin(head, method, next < bytes.length);
    return next;
  }

  #begin(head: ResponseHead, method: string, moreCame: boolean): void {
    const framing = responseFraming(head, method);
    if (!this.#taker.head(head, framing, moreCame)) return;
    this.#body.begin(framing, head.fields.contentLength, head.connection?.namedFields);
    this.#inBody = true;
    if (this.#body.done) this.#finish(moreCame);
  }

  #takeBody(bytes: Buffer, at: number): number {
    const body = this.#body;
    const next = body.read(bytes, at, bytes.length);
    if (body.parseError !== null) {
      this.#taker.bad();
      return invalid;
    }
    this.#taker.data(bytes, body.dataStart, body.dataEnd);
    if (body.done) this.#finish(next < bytes.length);
    return next;
  }

  #finish(moreCame: boolean): void {
    this.#inBody = false;
    this.#taker.whole(this.#body.trailers, moreCame);
  }
}
