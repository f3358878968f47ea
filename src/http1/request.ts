import { CR, type Decode, endOf, LF, Part, SP } from "./bytes.ts";
import { type ConnectionOptions, connectionOptions } from "./connection.ts";
import { Fields, type HeadLimits, incomplete, invalid } from "./fields.ts";
import { Field } from "./names.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import { isHost, parseTarget } from "./target.ts";

const longestMethod = 32;

/**
 * The head of a request (RFC 9112, 2 and 3), read as its bytes arrive and used again for the next: what is taken from it
 * has to be taken before `reset`.
 */
export class RequestHead {
  readonly fields: Fields;
  readonly #decode: Decode;
  /** The head as it came, from its first line to the empty one, a character each byte. */
  text = "";
  method = "";
  /** The target as it came. */
  target = "";
  /** The target in origin-form, or `*`. */
  path = "";
  /** What an absolute target says in place of `Host`; null for any other. */
  authority: string | null = null;
  /** The value of `Host`; empty when HTTP/1.0 has none. */
  host = "";
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minor = 1;
  options: ConnectionOptions | null = null;
  /** Where the first line begins in what was given, behind an empty line that does not count; -1 before that is known. */
  #base = -1;
  /** Where the field lines begin; 0 before the first line was read. */
  #lines = 0;

  constructor(limits: HeadLimits, decode: Decode) {
    this.fields = new Fields(limits);
    this.#decode = decode;
  }

  get parseError(): ParseError | null {
    return this.fields.parseError;
  }

  /** Whether the client wants the connection to last (RFC 9112, 9.3). */
  get keepAlive(): boolean {
    const { options } = this;
    return options !== null && !options.close && (this.minor === 1 || options.keepAlive);
  }

  /** Where the field lines begin in `text`. */
  get lines(): number {
    return this.#lines;
  }

  /** Ready for another request. */
  reset(): void {
    this.#base = -1;
    this.#lines = 0;
    this.fields.parseError = null;
  }

  /**
   * Reads on. The head begins at `from`, as at every call before since `reset`; all of it up to `end` is there. Returns the
   * offset of the first byte after the head, `more` or `refused`.
   */
  read(bytes: Uint8Array, from: number, end: number): number {
    if (this.#base < 0) {
      const skipped = this.#skipEmptyLine(bytes, from, end);
      if (skipped < 0) return skipped;
    }
    const base = from + this.#base;
    if (this.#lines === 0) {
      const length = this.#readRequestLine(bytes, base, end);
      if (length < 0) return length;
      this.#lines = length;
      this.fields.reset(length);
    }
    const next = this.fields.read(bytes, base, end);
    if (next < 0) return next;
    this.text = this.#decode(bytes, base, base + next);
    return this.#check() ? base + next : invalid;
  }

  /** One empty line before a request does no harm (RFC 9112, 2.2). */
  #skipEmptyLine(bytes: Uint8Array, from: number, end: number): number {
    if (from === end) return incomplete;
    if (bytes[from] !== CR) this.#base = 0;
    else if (from + 1 === end) return incomplete;
    else if (bytes[from + 1] === LF) this.#base = 2;
    else return this.fields.refuse(parseErrors.requestLine);
    return 0;
  }

  #readRequestLine(bytes: Uint8Array, base: number, end: number): number {
    const stop = Math.min(end, base + this.fields.limits.line);
    const method = endOf(Part.token, bytes, base, stop);
    if (method - base > longestMethod) return this.fields.refuse(parseErrors.longMethod);
    if (method < stop && (bytes[method] !== SP || method === base)) return this.fields.refuse(parseErrors.requestLine);
    const target = endOf(Part.target, bytes, method + 1, stop);
    if (target < stop && (bytes[target] !== SP || target === method + 1))
      return this.fields.refuse(parseErrors.requestLine);
    return this.#readVersion(bytes, base, method, target, stop, end);
  }

  #readVersion(bytes: Uint8Array, base: number, method: number, target: number, stop: number, end: number): number {
    for (let at = 0; at < versionLine.length; at += 1) {
      const place = target + 1 + at;
      if (place >= stop) return this.#lineRanOut(base, end);
      const byte = bytes[place] as number;
      if (versionLine[at] === digit ? !isDigit(byte) : byte !== versionLine[at])
        return this.fields.refuse(parseErrors.requestLine);
    }
    if (bytes[target + 6] !== 0x31 || (bytes[target + 8] as number) > 0x31)
      return this.fields.refuse(parseErrors.version);
    this.minor = (bytes[target + 8] as number) - 0x30;
    this.method = this.#decode(bytes, base, method);
    return this.#readTarget(bytes, method + 1, target) ? target + 1 + versionLine.length - base : invalid;
  }

  #lineRanOut(base: number, end: number): number {
    return end < base + this.fields.limits.line ? incomplete : this.fields.refuse(parseErrors.longTarget);
  }

  #readTarget(bytes: Uint8Array, from: number, to: number): boolean {
    this.target = this.#decode(bytes, from, to);
    this.path = this.target;
    this.authority = null;
    if (this.method === "CONNECT") return this.fields.refuse(parseErrors.connect) === 0;
    if (bytes[from] === 0x2f) return true;
    const target = parseTarget(this.method, this.target);
    if (target === null) return this.fields.refuse(parseErrors.target) === 0;
    this.path = target.path;
    this.authority = target.authority;
    return true;
  }

  /** What can be said of the fields only when all of them are there. */
  #check(): boolean {
    const { fields } = this;
    const wrong = this.#wrongHost() ?? wrongFraming(fields, this.minor);
    this.options = wrong === null ? connectionOptions(fields, this.text) : null;
    fields.parseError = wrong ?? (this.options === null ? parseErrors.connection : null);
    return fields.parseError === null;
  }

  #wrongHost(): ParseError | null {
    this.host = this.fields.value(Field.host, this.text) ?? "";
    const isThere = (this.fields.present & (1 << Field.host)) !== 0;
    if (!isThere) return this.minor === 1 ? parseErrors.host : null;
    return isHost(this.host) ? null : parseErrors.host;
  }
}

/** Framing that two readers could take in two ways (RFC 9112, 6.1 and 6.3) is none. */
export function wrongFraming({ present, contentLength }: Fields, minor: number): ParseError | null {
  if ((present & (1 << Field.transferEncoding)) === 0) return null;
  if (contentLength >= 0) return parseErrors.twoLengths;
  return minor === 0 ? parseErrors.oldEncoding : null;
}

const digit = 0;
/** ` HTTP/1.1` and its line end, but for the blank. */
const versionLine = [0x48, 0x54, 0x54, 0x50, 0x2f, digit, 0x2e, digit, CR, LF];
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
