import { CharClass, colon, cr, decodeLatin1, lf, skipClass, space, tab } from "./bytes.ts";
import { Field, fieldOf } from "./field-names.ts";
import { Fields } from "./fields.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import { INCOMPLETE, INVALID } from "./result.ts";
import { readTransferEncoding, TransferEncoding } from "./transfer-encoding.ts";

/** How large a head may be. */
export interface HeadLimits {
  /** Bytes in one line, with its CRLF. */
  readonly line: number;
  /** Bytes in all. */
  readonly head: number;
  /** Number of field lines. */
  readonly fields: number;
}

/**
 * Reads the field lines of a head as they arrive (RFC 9112, 5). The result depends on the bytes alone, never on the pieces in
 * which they arrive. One object reads many heads.
 */
export class FieldReader {
  readonly limits: HeadLimits;
  readonly fields: Fields;
  parseError: ParseError | null = null;
  /** The offset from the beginning of the head of the line that is read next. */
  #lineStart = 0;

  constructor(limits: HeadLimits) {
    this.limits = limits;
    this.fields = new Fields(limits.fields);
  }

  /** Begins the field lines of a head at the offset `fieldsStart` from its beginning. */
  begin(fieldsStart: number): void {
    this.fields.clear();
    this.parseError = null;
    this.#lineStart = fieldsStart;
  }

  /**
   * Reads on in the head that begins at `base`, of which the bytes up to `end` have arrived. Returns the offset from `base`
   * behind the empty line, `incomplete` or `invalid`. A line that is not whole is read again when more has arrived.
   */
  read(bytes: Uint8Array, base: number, end: number): number {
    for (;;) {
      const start = this.#lineStart;
      const next = this.#readLine(bytes, base, end);
      if (next < 0) return next;
      this.#lineStart = next;
      if (next - start === 2) {
        this.fields.end(start);
        return next;
      }
    }
  }

  /** Makes the message invalid. */
  fail(parseError: ParseError): typeof INVALID {
    this.parseError = parseError;
    return INVALID;
  }

  /** Reads one line. Returns the offset from `base` behind it. Only this loop looks at every byte: it holds no calls. */
  #readLine(bytes: Uint8Array, base: number, end: number): number {
    const { limits } = this;
    const start = base + this.#lineStart;
    const stop = Math.min(end, start + limits.line, base + limits.head);
    const nameEnd = skipClass(CharClass.token, bytes, start, stop);
    if (nameEnd === start || nameEnd >= stop || bytes[nameEnd] !== colon)
      return this.#readWithoutName(bytes, base, end, nameEnd);
    let valueStart = nameEnd + 1;
    while (valueStart < stop && isBlank(bytes[valueStart] as number)) valueStart += 1;
    const at = skipClass(CharClass.fieldValue, bytes, valueStart, stop);
    if (at + 1 >= stop || bytes[at] !== cr || bytes[at + 1] !== lf) return this.#readWrongEnd(bytes, base, end, at);
    return this.#addLine(bytes, base, nameEnd, valueStart, at) ? at + 2 - base : INVALID;
  }

  /** Reads what has no name and colon at its beginning: the empty line, a line that is not whole, or an invalid one. */
  #readWithoutName(bytes: Uint8Array, base: number, end: number, at: number): number {
    const start = base + this.#lineStart;
    const stop = Math.min(end, start + this.limits.line, base + this.limits.head);
    if (at >= stop) return this.#runOut(base, end);
    if (at > start || bytes[at] !== cr) return this.fail(parseErrors.fieldLine);
    if (at + 1 >= stop) return this.#runOut(base, end);
    return bytes[at + 1] === lf ? at + 2 - base : this.fail(parseErrors.fieldLine);
  }

  /** Decides about a value without a CRLF behind it: more has to arrive, or the line is invalid or too long. */
  #readWrongEnd(bytes: Uint8Array, base: number, end: number, at: number): number {
    const stop = Math.min(end, base + this.#lineStart + this.limits.line, base + this.limits.head);
    const isInvalid = (at < stop && bytes[at] !== cr) || at + 1 < stop;
    return isInvalid ? this.fail(parseErrors.fieldLine) : this.#runOut(base, end);
  }

  /** A line goes on behind the bytes that have arrived, or behind its limit. */
  #runOut(base: number, end: number): number {
    const { line, head } = this.limits;
    const lineLimit = this.#lineStart + line;
    if (end - base < Math.min(lineLimit, head)) return INCOMPLETE;
    return this.fail(lineLimit < head ? parseErrors.longLine : parseErrors.longHead);
  }

  /** Adds a line. Returns false when it makes the message invalid. */
  #addLine(bytes: Uint8Array, base: number, nameEnd: number, valueStart: number, lineEnd: number): boolean {
    const { fields } = this;
    if (fields.count === this.limits.fields) return this.fail(parseErrors.manyFields) > 0;
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1] as number)) valueEnd -= 1;
    const start = this.#lineStart;
    const id = fieldOf(bytes, base + start, nameEnd);
    fields.add(id, start, nameEnd - base, valueStart - base, valueEnd - base);
    return id === Field.other || this.#checkKnown(id, bytes, valueStart, valueEnd);
  }

  /** Reads the value of a field that frames or routes the message. Returns false when it makes the message invalid. */
  #checkKnown(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    const isRepeated = (this.fields.repeated & (1 << id)) !== 0;
    if (id === Field.contentLength) return this.#readContentLength(bytes, from, to, isRepeated);
    if (id === Field.transferEncoding) return this.#readTransferEncoding(bytes, from, to, isRepeated);
    return !(isRepeated && id === Field.host) || this.fail(parseErrors.host) > 0;
  }

  #readContentLength(bytes: Uint8Array, from: number, to: number, isRepeated: boolean): boolean {
    const value = isRepeated ? -1 : readDecimal(bytes, from, to);
    if (value < 0) return this.fail(parseErrors.contentLength) > 0;
    this.fields.contentLength = value;
    this.fields.isLengthCanonical = bytes[from] !== 0x30 || to - from === 1;
    return true;
  }

  #readTransferEncoding(bytes: Uint8Array, from: number, to: number, isRepeated: boolean): boolean {
    if (isRepeated) return this.fail(parseErrors.repeatedEncoding) > 0;
    const encoding = readTransferEncoding(decodeLatin1(bytes, from, to));
    if (encoding === TransferEncoding.invalid) return this.fail(parseErrors.transferEncoding) > 0;
    this.fields.hasUnknownCoding = encoding === TransferEncoding.unknownCoding;
    return true;
  }
}

const isBlank = (byte: number): boolean => byte === space || byte === tab;

/** Reads a number of 1 to 16 decimal digits; -1 for anything else, and for more than 2^53 - 1. */
function readDecimal(bytes: Uint8Array, from: number, to: number): number {
  if (from === to || to - from > 16) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > Number.MAX_SAFE_INTEGER ? -1 : value;
}
