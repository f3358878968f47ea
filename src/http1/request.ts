import { CharClass, cr, type Decode, lf, skipClass, space } from "./bytes.ts";
import { type ConnectionOptions, keepsAlive, readConnectionOptions } from "./connection.ts";
import { Field } from "./field-names.ts";
import { FieldReader, type HeadLimits } from "./field-reader.ts";
import type { Fields } from "./fields.ts";
import { framingError } from "./framing.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import { mayBeVersion, methodOf, VERSION_LENGTH } from "./request-line.ts";
import { INCOMPLETE, INVALID } from "./result.ts";
import { isHost, parseTarget } from "./target.ts";

/** Bytes in a method; 501 for more (RFC 9112, 3). */
const LONGEST_METHOD = 32;

/**
 * Reads the head of a request as its bytes arrive (RFC 9112, 2 and 3). One object reads many heads: its properties hold from
 * a `read` that returns an offset up to `reset`.
 */
export class RequestHead {
  readonly fields: Fields;
  readonly #reader: FieldReader;
  readonly #decode: Decode;
  /** The head as it arrived, from the request line to the empty line, one character a byte. */
  text = "";
  method = "";
  /** The target as it arrived. */
  target = "";
  /** The target in origin-form, or `*`. */
  path = "";
  /** The host that an absolute-form target names, which replaces `Host` (RFC 9112, 3.2.2); null for any other target. */
  authority: string | null = null;
  /** The value of `Host`; empty for HTTP/1.0 without one. */
  host = "";
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and for HTTP/1.2 to 1.9, which count as 1.1 (RFC 9110, 2.5). */
  minor = 1;
  /**
   * True when the request line ends in exactly `HTTP/1.1`. Otherwise a proxy that passes the line on replaces the version by
   * `HTTP/1.1`, because a proxy sends its own version (RFC 9112, 2.3).
   */
  isVersionExact = true;
  connection: ConnectionOptions | null = null;
  /** The offset in `text` of the first field line; 0 while the request line has not been read. */
  fieldsStart = 0;
  /** Bytes of the empty line before the request line: 0 or 2; -1 while that is not known. */
  #skipped = -1;
  #methodEnd = 0;
  #targetEnd = 0;

  constructor(limits: HeadLimits, decode: Decode) {
    this.#reader = new FieldReader(limits);
    this.fields = this.#reader.fields;
    this.#decode = decode;
  }

  get parseError(): ParseError | null {
    return this.#reader.parseError;
  }

  /** Whether the client keeps its connection open for another request (RFC 9112, 9.3). */
  get keepAlive(): boolean {
    return keepsAlive(this.connection, this.minor);
  }

  /** Forgets the head, so that another one can be read. */
  reset(): void {
    this.fieldsStart = 0;
    this.#skipped = -1;
    this.#reader.parseError = null;
  }

  /**
   * Reads on. The head begins at `from`, the same at every call since `reset`, and all of its bytes up to `end` are there.
   * Returns the offset of the first byte behind the head, `incomplete` or `invalid`.
   */
  read(bytes: Uint8Array, from: number, end: number): number {
    if (this.fieldsStart === 0) {
      const next = this.#readRequestLine(bytes, from, end);
      if (next < 0) return next;
    }
    const base = from + this.#skipped;
    const next = this.#reader.read(bytes, base, end);
    if (next < 0) return next;
    this.text = this.#decode(bytes, base, base + next);
    this.#readTexts();
    return this.#check() ? base + next : INVALID;
  }

  /** Returns 0, `incomplete` or `invalid`. */
  #readRequestLine(bytes: Uint8Array, from: number, end: number): number {
    if (this.#skipped < 0) {
      const skipped = this.#skipEmptyLine(bytes, from, end);
      if (skipped < 0) return skipped;
    }
    const base = from + this.#skipped;
    const stop = Math.min(end, base + this.#reader.limits.line);
    const methodEnd = skipClass(CharClass.token, bytes, base, stop);
    if (methodEnd - base > LONGEST_METHOD) return this.#reader.fail(parseErrors.longMethod);
    if (methodEnd < stop && (bytes[methodEnd] !== space || methodEnd === base))
      return this.#reader.fail(parseErrors.requestLine);
    const targetEnd = skipClass(CharClass.target, bytes, methodEnd + 1, stop);
    if (targetEnd < stop && (bytes[targetEnd] !== space || targetEnd === methodEnd + 1))
      return this.#reader.fail(parseErrors.requestLine);
    if (!mayBeVersion(bytes, targetEnd + 1, stop)) return this.#reader.fail(parseErrors.requestLine);
    if (targetEnd + 1 + VERSION_LENGTH > stop) return this.#runOut(base, end);
    return this.#endRequestLine(bytes, base, methodEnd, targetEnd);
  }

  /** Skips one empty line before the request line, as RFC 9112, 2.2 asks of a server. Returns 0, `incomplete` or `invalid`. */
  #skipEmptyLine(bytes: Uint8Array, from: number, end: number): number {
    if (from === end) return INCOMPLETE;
    if (bytes[from] !== cr) this.#skipped = 0;
    else if (from + 1 === end) return INCOMPLETE;
    else if (bytes[from + 1] === lf) this.#skipped = 2;
    else return this.#reader.fail(parseErrors.requestLine);
    return 0;
  }

  /** The request line goes on behind the bytes that have arrived, or behind its limit. */
  #runOut(base: number, end: number): number {
    return end < base + this.#reader.limits.line ? INCOMPLETE : this.#reader.fail(parseErrors.longTarget);
  }

  /** Reads what a whole request line says that can make it invalid. */
  #endRequestLine(bytes: Uint8Array, base: number, methodEnd: number, targetEnd: number): number {
    if (bytes[targetEnd + 6] !== 0x31) return this.#reader.fail(parseErrors.version);
    const minorDigit = bytes[targetEnd + 8];
    this.minor = minorDigit === 0x30 ? 0 : 1;
    this.isVersionExact = minorDigit === 0x31;
    this.#methodEnd = methodEnd - base;
    this.#targetEnd = targetEnd - base;
    this.authority = null;
    this.path = "";
    const isOriginForm = bytes[methodEnd + 1] === 0x2f;
    const mayBeConnect = bytes[base] === 0x43 && methodEnd - base === 7;
    if ((!isOriginForm || mayBeConnect) && !this.#parseTarget(bytes, base)) return INVALID;
    this.fieldsStart = targetEnd + 1 + VERSION_LENGTH - base;
    this.#reader.begin(this.fieldsStart);
    return 0;
  }

  /** Reads a target in any form. Returns false when it makes the message invalid. */
  #parseTarget(bytes: Uint8Array, base: number): boolean {
    const method = this.#decode(bytes, base, base + this.#methodEnd);
    if (method === "CONNECT") return this.#reader.fail(parseErrors.connect) > 0;
    const target = parseTarget(method, this.#decode(bytes, base + this.#methodEnd + 1, base + this.#targetEnd));
    if (target === null) return this.#reader.fail(parseErrors.target) > 0;
    this.path = target.path;
    this.authority = target.authority;
    return true;
  }

  /** Cuts the strings of a whole head out of its text, which is cheaper than decoding each from the bytes. */
  #readTexts(): void {
    const { text } = this;
    this.method = methodOf(text, this.#methodEnd);
    this.target = text.slice(this.#methodEnd + 1, this.#targetEnd);
    if (this.path === "") this.path = this.target;
  }

  /** Checks what can be known only when all fields are there. */
  #check(): boolean {
    const { fields } = this;
    const wrong = this.#hostError() ?? framingError(fields, this.minor);
    this.connection = wrong === null ? readConnectionOptions(fields, this.text) : null;
    this.#reader.parseError = wrong ?? (this.connection === null ? parseErrors.connection : null);
    return this.#reader.parseError === null;
  }

  #hostError(): ParseError | null {
    const line = this.fields.lineOf(Field.host);
    if (line < 0) {
      this.host = "";
      return this.minor === 1 ? parseErrors.host : null;
    }
    const host = this.text.slice(this.fields.valueStart(line), this.fields.valueEnd(line));
    // Most requests name the host of the one before, which was valid or is empty here.
    if (host !== "" && host === this.host) return null;
    this.host = isHost(host) ? host : "";
    return this.host === "" ? parseErrors.host : null;
  }
}
