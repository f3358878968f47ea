/** Reads the bytes of whole connections with the codec, as a balancer does: one message after another, in pieces of any size. */
import {
  BodyReader,
  Framing,
  type HeadLimits,
  type ParseError,
  RequestHead,
  ResponseHead,
  requestFraming,
  responseFraming,
} from "../../src/http1/index.ts";

export const limits: HeadLimits = { line: 512, head: 1_024, fields: 20 };

/** A message as the codec reads it. */
export interface Message {
  readonly first: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: string;
  readonly keepAlive: boolean;
}

export interface Reading {
  readonly messages: readonly Message[];
  readonly parseError: ParseError | null;
  /** True when the last message is not whole. */
  readonly partial: boolean;
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");
export const decode = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");

type Head = RequestHead | ResponseHead;

const firstOf = (head: Head): string =>
  head instanceof ResponseHead
    ? [head.status, head.minor].join(" ")
    : [head.method, head.target, head.minor, head.path, head.host, head.authority].join(" ");

const framingOf = (head: Head): Framing =>
  head instanceof ResponseHead ? responseFraming(head, "GET") : requestFraming(head);

const fieldsOf = ({ fields, text }: Head): string[] =>
  Array.from({ length: fields.count }, (_, line) => [
    text.slice(fields.start(line), fields.nameEnd(line)),
    text.slice(fields.valueStart(line), fields.valueEnd(line)),
  ]).flat();

/** Reads the messages of one connection. */
class ConnectionReader {
  readonly messages: Message[] = [];
  readonly #head: Head;
  readonly #body = new BodyReader();
  #inBody = false;
  #data = "";
  #at = 0;

  constructor(head: Head) {
    this.#head = head;
  }

  get parseError(): ParseError | null {
    return this.#head.parseError ?? this.#body.parseError;
  }

  /** Reads the bytes up to `end`. Returns whether every byte belongs to a message. */
  read(bytes: Uint8Array, end: number): boolean {
    while (this.#at < end && this.parseError === null) {
      const next = this.#inBody ? this.#readBody(bytes, end) : this.#head.read(bytes, this.#at, end);
      if (next < 0) break;
      this.#at = next;
      if (!this.#inBody) this.#begin();
      if (this.#body.done) this.#finish();
    }
    return this.#at === end;
  }

  /** Ends the connection. Returns whether its last message is not whole. */
  end(): boolean {
    if (this.#inBody && this.#body.framing === Framing.close) this.#finish();
    return this.#inBody;
  }

  #begin(): void {
    this.#inBody = true;
    this.#body.begin(framingOf(this.#head), this.#head.fields.contentLength);
  }

  #readBody(bytes: Uint8Array, end: number): number {
    const next = this.#body.read(bytes, this.#at, end);
    this.#data += decode(bytes, this.#body.dataStart, this.#body.dataEnd);
    return next;
  }

  #finish(): void {
    const { trailers } = this.#body;
    const { keepAlive } = this.#head;
    const body = this.#data;
    this.messages.push({ first: firstOf(this.#head), fields: fieldsOf(this.#head), body, trailers, keepAlive });
    this.#inBody = false;
    this.#data = "";
    this.#head.reset();
  }
}

/** Reads the bytes of a connection: first those up to `ends[0]`, then those up to `ends[1]`, and so on. */
export function read(
  kind: "request" | "response",
  bytes: Uint8Array,
  ends: Iterable<number> = [bytes.length],
): Reading {
  const head = kind === "request" ? new RequestHead(limits, decode) : new ResponseHead(limits, decode);
  const connection = new ConnectionReader(head);
  let isWhole = true;
  for (const end of ends) {
    isWhole = connection.read(bytes, end);
    if (connection.parseError !== null) break;
  }
  const inMessage = connection.end();
  return { messages: connection.messages, parseError: connection.parseError, partial: inMessage || !isWhole };
}

/** Reads one request. Returns it, the status of its parse error, or "partial" when it is not whole. */
export function readRequest(text: string): Message | number | "partial" {
  const { messages, parseError } = read("request", bytesOf(text));
  return parseError?.status ?? messages[0] ?? "partial";
}

/** Reads one response, as `readRequest` does. */
export function readResponse(text: string): Message | number | "partial" {
  const { messages, parseError } = read("response", bytesOf(text));
  return parseError?.status ?? messages[0] ?? "partial";
}

/** Yields the end of each byte, for `ends`. */
export function* everyByte(length: number): Generator<number> {
  for (let end = 1; end <= length; end += 1) yield end;
}
