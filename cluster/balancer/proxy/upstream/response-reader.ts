import { BodyReader, Framing, INCOMPLETE, type ResponseHead, responseFraming } from "../../../../src/http1/index.ts";
import type { HeadReaders } from "../io/head-readers.ts";

/** What stood in the bytes that were read. */
export const ResponseEvent = {
  /** Not enough for a head: read again from the same offset when more has arrived. */
  incomplete: 0,
  /** The head of an informational response. */
  informational: 1,
  /** The head of the response. */
  head: 2,
  /** A run of its body. */
  data: 3,
  /** No HTTP response. */
  invalid: 4,
} as const;
export type ResponseEvent = (typeof ResponseEvent)[keyof typeof ResponseEvent];

/** Reads the responses on a connection to a server, one after the other (RFC 9112, 4 to 7). */
export class ResponseReader {
  /** After a `read`: the offset to go on from. */
  next = 0;
  /** The head of the present response has been read and its body has not. */
  isInBody = false;
  readonly #readers: HeadReaders;
  readonly #body = new BodyReader();
  /** The head whose beginning has arrived. */
  #partial: ResponseHead | null = null;
  #head: ResponseHead | null = null;
  #framing: Framing = Framing.none;

  constructor(readers: HeadReaders) {
    this.#readers = readers;
  }

  /** The head that was read last: until the next `read`. */
  get head(): ResponseHead {
    return this.#head as ResponseHead;
  }

  /** How its body ends. */
  get framing(): Framing {
    return this.#framing;
  }

  /** The run of the body that was read last, and at its end the trailers that may go on. */
  get body(): BodyReader {
    return this.#body;
  }

  /** The beginning of a head has arrived. */
  get isInHead(): boolean {
    return this.#partial !== null;
  }

  /** Reads on from `at`; `method` is that of the request that the response is for. */
  read(bytes: Buffer, at: number, method: string): ResponseEvent {
    return this.isInBody ? this.#readBody(bytes, at) : this.#readHead(bytes, at, method);
  }

  #readHead(bytes: Buffer, at: number, method: string): ResponseEvent {
    const head = this.#partial ?? this.#readers.takeResponse();
    const next = head.read(bytes, at, bytes.length);
    this.#partial = next === INCOMPLETE ? head : null;
    if (next === INCOMPLETE) return ResponseEvent.incomplete;
    this.#readers.giveResponse(head);
    if (next < 0) return ResponseEvent.invalid;
    this.#head = head;
    this.next = next;
    if (head.status < 200) return ResponseEvent.informational;
    this.#framing = responseFraming(head, method);
    this.#body.begin(this.#framing, head.fields.contentLength, head.connection?.namedFields);
    this.isInBody = !this.#body.done;
    return ResponseEvent.head;
  }

  #readBody(bytes: Buffer, at: number): ResponseEvent {
    const body = this.#body;
    this.next = body.read(bytes, at, bytes.length);
    if (body.parseError !== null) return ResponseEvent.invalid;
    this.isInBody = !body.done;
    return ResponseEvent.data;
  }

  /** The connection has ended. Returns whether that is the end of the present response. */
  end(): boolean {
    const isWhole = this.isInBody && this.#framing === Framing.close;
    if (isWhole) this.isInBody = false;
    return isWhole;
  }
}
