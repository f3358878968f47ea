import { CharClass, cr, type Decode, lf, skipClass, space } from "./bytes.ts";
import { type ConnectionOptions, keepsAlive, readConnectionOptions } from "./connection.ts";
import { FieldReader, type HeadLimits } from "./field-reader.ts";
import type { Fields } from "./fields.ts";
import { framingError } from "./framing.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import { INCOMPLETE, INVALID } from "./result.ts";

/** Bytes in `HTTP/1.1 200`, the shortest beginning of a status line. */
const SHORTEST_STATUS_LINE = 12;

/** Reads the head of a response as its bytes arrive (RFC 9112, 4), as `RequestHead` reads that of a request. */
export class ResponseHead {
  readonly fields: Fields;
  readonly #reader: FieldReader;
  readonly #decode: Decode;
  /** The head as it arrived, from the status line to the empty line, one character a byte. */
  text = "";
  /** 100 to 999. */
  status = 0;
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and for HTTP/1.2 to 1.9, which count as 1.1 (RFC 9110, 2.5). */
  minor = 1;
  /**
   * True when `text` begins with exactly `HTTP/1.1`. Otherwise a proxy that passes `text` on replaces its first 8 characters
   * by `HTTP/1.1`, because a proxy sends its own version (RFC 9112, 2.3).
   */
  isVersionExact = true;
  connection: ConnectionOptions | null = null;
  /** The offset in `text` of the first field line; 0 while the status line has not been read. */
  fieldsStart = 0;

  constructor(limits: HeadLimits, decode: Decode) {
    this.#reader = new FieldReader(limits);
    this.fields = this.#reader.fields;
    this.#decode = decode;
  }

  get parseError(): ParseError | null {
    return this.#reader.parseError;
  }

  /** Whether the server keeps its connection open. It does not when the response ends with the connection: see `Framing.close`. */
  get keepAlive(): boolean {
    return keepsAlive(this.connection, this.minor);
  }

  /** Forgets the head, so that another one can be read. */
  reset(): void {
    this.fieldsStart = 0;
    this.#reader.parseError = null;
  }

  /** Reads on, as `RequestHead.read` does. */
  read(bytes: Uint8Array, from: number, end: number): number {
    if (this.fieldsStart === 0) {
      const length = this.#readStatusLine(bytes, from, end);
      if (length < 0) return length;
      this.fieldsStart = length;
      this.#reader.begin(length);
    }
    const next = this.#reader.read(bytes, from, end);
    if (next < 0) return next;
    this.text = this.#decode(bytes, from, from + next);
    return this.#check() ? from + next : INVALID;
  }

  /** Returns the number of bytes in the status line, `incomplete` or `invalid`. */
  #readStatusLine(bytes: Uint8Array, from: number, end: number): number {
    const reader = this.#reader;
    const stop = Math.min(end, from + reader.limits.line);
    if (!mayBeStatusLine(bytes, from, stop)) return reader.fail(parseErrors.statusLine);
    let at = from + SHORTEST_STATUS_LINE;
    if (at >= stop) return this.#runOut(from, end);
    // Some servers send no space behind the status when they send no reason phrase. No reader mistakes that.
    if (bytes[at] !== space && bytes[at] !== cr) return reader.fail(parseErrors.statusLine);
    at = skipClass(CharClass.fieldValue, bytes, at, stop);
    if (at < stop && bytes[at] !== cr) return reader.fail(parseErrors.statusLine);
    if (at + 1 >= stop) return this.#runOut(from, end);
    if (bytes[at + 1] !== lf) return reader.fail(parseErrors.statusLine);
    this.#readVersionAndStatus(bytes, from);
    return at + 2 - from;
  }

  /** The status line goes on behind the bytes that have arrived, or behind its limit. */
  #runOut(from: number, end: number): number {
    return end < from + this.#reader.limits.line ? INCOMPLETE : this.#reader.fail(parseErrors.statusLine);
  }

  #readVersionAndStatus(bytes: Uint8Array, from: number): void {
    const digit = (at: number): number => (bytes[from + at] as number) - 0x30;
    this.minor = digit(7) === 0 ? 0 : 1;
    this.isVersionExact = digit(7) === 1;
    this.status = 100 * digit(9) + 10 * digit(10) + digit(11);
  }

  /** Checks what can be known only when all fields are there. */
  #check(): boolean {
    const { fields } = this;
    const wrong = framingError(fields, this.minor);
    this.connection = wrong === null ? readConnectionOptions(fields, this.text) : null;
    this.#reader.parseError = wrong ?? (this.connection === null ? parseErrors.connection : null);
    return this.#reader.parseError === null;
  }
}

/** The least and the greatest byte at each place of `HTTP/1.d ddd`. No status is under 100. */
const leastBytes = Uint8Array.from("HTTP/1.0 100", (char) => char.charCodeAt(0));
const greatestBytes = Uint8Array.from("HTTP/1.9 999", (char) => char.charCodeAt(0));

/** Whether the bytes in [`from`, `stop`) are the beginning of a status line, as far as they have arrived. */
function mayBeStatusLine(bytes: Uint8Array, from: number, stop: number): boolean {
  const length = Math.min(SHORTEST_STATUS_LINE, stop - from);
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[from + at] as number;
    if (byte < (leastBytes[at] as number) || byte > (greatestBytes[at] as number)) return false;
  }
  return true;
}
