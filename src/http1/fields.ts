import { COLON, CR, endOf, HTAB, LF, Part, SP } from "./bytes.ts";
import { Field, fieldOf } from "./names.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";

/** How much a head may hold. */
export interface HeadLimits {
  /** Bytes a line, with its end. */
  readonly line: number;
  /** Bytes in all. */
  readonly head: number;
  /** Fields. */
  readonly fields: number;
}

/** More is to come before the head is whole. */
export const incomplete = -1;
/** The message is refused; `parseError` says why. */
export const invalid = -2;

/**
 * The field lines of a head, as offsets from its beginning, read line by line as they arrive (RFC 9112, 5). What a line
 * is worth depends on its bytes alone, never on the pieces in which they came.
 */
export class Fields {
  readonly limits: HeadLimits;
  count = 0;
  /** The known fields that are there, as bits `1 << Field.…`. */
  present = 0;
  /** -1 when there is none. */
  contentLength = -1;
  parseError: ParseError | null = null;
  /** The known field of each line. */
  readonly ids: Uint8Array;
  /** Of each line: where it begins, its name ends, its value begins and ends. After the last, where the lines end. */
  readonly #spans: Int32Array;
  /** Where the line begins that is read next. */
  #line = 0;

  constructor(limits: HeadLimits) {
    this.limits = limits;
    this.ids = new Uint8Array(limits.fields);
    this.#spans = new Int32Array(4 * (limits.fields + 1));
  }

  /** Forgets all; the lines begin at the offset `at`. */
  reset(at: number): void {
    this.count = 0;
    this.present = 0;
    this.contentLength = -1;
    this.parseError = null;
    this.#line = at;
  }

  /**
   * Reads on in a head that begins at `base`, and of which the bytes up to `end` are there. Returns
   * the offset after the empty line, `more` or `refused`. A line of which more has come is read again: it is short.
   */
  read(bytes: Uint8Array, base: number, end: number): number {
    for (;;) {
      const next = this.#readLine(bytes, base, base + this.#line, end);
      if (next < 0) return next;
      const isLast = next - base === this.#line + 2;
      if (isLast) return this.#finish(next - base);
      this.#line = next - base;
    }
  }

  /** Where the lines begin; where they end and the empty one begins. */
  start(at: number): number {
    return this.#spans[4 * at] as number;
  }
  nameEnd(at: number): number {
    return this.#spans[4 * at + 1] as number;
  }
  valueStart(at: number): number {
    return this.#spans[4 * at + 2] as number;
  }
  valueEnd(at: number): number {
    return this.#spans[4 * at + 3] as number;
  }

  /** The value of the first line with a known field; `text` is that of the head. */
  value(id: number, text: string): string | undefined {
    if ((this.present & (1 << id)) === 0) return undefined;
    const at = this.ids.indexOf(id);
    return text.slice(this.valueStart(at), this.valueEnd(at));
  }

  /** The values of all lines with a name (lower case), joined as RFC 9110, 5.3 has it; undefined when there is none. */
  find(name: string, text: string): string | undefined {
    let found: string | undefined;
    for (let at = 0; at < this.count; at += 1) {
      if (!this.hasName(at, name, text)) continue;
      const value = text.slice(this.valueStart(at), this.valueEnd(at));
      found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
    }
    return found;
  }

  /** Whether a line has a name (lower case). */
  hasName(at: number, name: string, text: string): boolean {
    const start = this.start(at);
    const end = this.nameEnd(at);
    return end - start === name.length && text.slice(start, end).toLowerCase() === name;
  }

  #finish(end: number): number {
    this.#spans[4 * this.count] = end - 2;
    return end;
  }

  /** Where the line has to have ended. */
  #stop(base: number): number {
    return base + Math.min(this.#line + this.limits.line, this.limits.head);
  }

  #readLine(bytes: Uint8Array, base: number, start: number, end: number): number {
    const stop = Math.min(end, this.#stop(base));
    const nameEnd = endOf(Part.token, bytes, start, stop);
    if (nameEnd === stop) return this.#ranOut(base, end);
    if (nameEnd === start) return this.#readEmpty(bytes, base, start, stop);
    if (bytes[nameEnd] !== COLON) return this.refuse(parseErrors.fieldLine);
    let valueStart = nameEnd + 1;
    while (valueStart < stop && isBlank(bytes[valueStart])) valueStart += 1;
    const lineEnd = endOf(Part.value, bytes, valueStart, stop);
    if (lineEnd < stop && bytes[lineEnd] !== CR) return this.refuse(parseErrors.fieldLine);
    if (lineEnd + 1 >= stop) return this.#ranOut(base, end);
    if (bytes[lineEnd + 1] !== LF) return this.refuse(parseErrors.fieldLine);
    return this.#keep(bytes, base, start, nameEnd, valueStart, lineEnd) ? lineEnd + 2 : invalid;
  }

  #readEmpty(bytes: Uint8Array, base: number, at: number, stop: number): number {
    if (bytes[at] !== CR) return this.refuse(parseErrors.fieldLine);
    if (at + 1 >= stop) return this.#ranOut(base, stop);
    return bytes[at + 1] === LF ? at + 2 : this.refuse(parseErrors.fieldLine);
  }

  #ranOut(base: number, end: number): number {
    if (end < this.#stop(base)) return incomplete;
    const isLine = this.#line + this.limits.line < this.limits.head;
    return this.refuse(isLine ? parseErrors.longLine : parseErrors.longHead);
  }

  /** Takes down a line. Returns false when it refuses the message. */
  #keep(bytes: Uint8Array, base: number, start: number, nameEnd: number, valueStart: number, lineEnd: number): boolean {
    if (this.count === this.limits.fields) return this.refuse(parseErrors.manyFields) === 0;
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd -= 1;
    const id = fieldOf(bytes, start, nameEnd);
    const at = 4 * this.count;
    this.ids[this.count] = id;
    this.#spans[at] = start - base;
    this.#spans[at + 1] = nameEnd - base;
    this.#spans[at + 2] = valueStart - base;
    this.#spans[at + 3] = valueEnd - base;
    this.count += 1;
    return id === Field.other || this.#note(id, bytes, valueStart, valueEnd);
  }

  /** Takes down what a known field says of the body. Returns false when it refuses the message. */
  #note(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    const isRepeated = (this.present & (1 << id)) !== 0;
    this.present |= 1 << id;
    if (id === Field.contentLength) {
      this.contentLength = isRepeated ? -1 : decimal(bytes, from, to);
      if (this.contentLength < 0) this.parseError = parseErrors.contentLength;
    } else if (id === Field.transferEncoding) {
      if (isRepeated) this.parseError = parseErrors.repeatedEncoding;
      else if (!isChunked(bytes, from, to)) this.parseError = parseErrors.transferEncoding;
    } else if (id === Field.host && isRepeated) this.parseError = parseErrors.host;
    return this.parseError === null;
  }

  refuse(parseError: ParseError): number {
    this.parseError = parseError;
    return invalid;
  }
}

const isBlank = (byte: number | undefined): boolean => byte === SP || byte === HTAB;

/** A number of decimal digits alone, of 16 at most; -1 for anything else, and for more than 2^53 - 1. */
function decimal(bytes: Uint8Array, from: number, to: number): number {
  if (from === to || to - from > 16) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > Number.MAX_SAFE_INTEGER ? -1 : value;
}

const chunked = Uint8Array.from("chunked", (char) => char.charCodeAt(0));

function isChunked(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from !== chunked.length) return false;
  return chunked.every((letter, at) => ((bytes[from + at] as number) | 0x20) === letter);
}
