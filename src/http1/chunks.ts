import { CharClass, cr, hexDigits, isInClass, lf } from "./bytes.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import { INVALID } from "./result.ts";
import { TrailerReader } from "./trailers.ts";

/** Bytes of chunk extensions in one body. Nobody is known to use any. */
const MAX_EXTENSION_BYTES = 16_384;
/** The chunk extensions of one chunk (RFC 9112, 7.1.1). They are dropped, but invalid ones are an error. */
const extensions =
  /^(?:[\t ]*;[\t ]*[!#$%&'*+.^_`|~\w-]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?)*$/;
/** Digits of a chunk size, with leading zeros. */
const MAX_SIZE_DIGITS = 16;
const semicolon = 0x3b;

/** What the next byte of a chunked body belongs to (RFC 9112, 7.1). */
const State = {
  size: 0,
  extension: 1,
  /** The LF behind a size or an extension. */
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  /** The first byte behind the last chunk: a CR when there are no trailers. */
  trailersOrEnd: 6,
  trailers: 7,
  /** The LF that ends a body without trailers. */
  endLf: 8,
  end: 9,
  invalid: 10,
} as const;
type State = (typeof State)[keyof typeof State];

/** Reads a chunked body (RFC 9112, 7.1) as its bytes arrive. One object reads many bodies. */
export class ChunkedReader {
  parseError: ParseError | null = null;
  /** The run of data that the last `read` found, as offsets into its bytes. */
  dataStart = 0;
  dataEnd = 0;
  /** The trailer lines that a proxy may pass on, each with its CRLF. */
  trailers = "";
  #state: State = State.size;
  /** The size of the chunk while its digits are read, then the bytes of its data that are still to come. */
  #remaining = 0;
  #sizeDigits = 0;
  /** Bytes of extensions in the body so far, and the text of the present chunk's. */
  #extensionBytes = 0;
  #extension = "";
  #trailerReader: TrailerReader | null = null;
  #namedFields: readonly string[] = [];

  /** Begins a body. Trailer lines with one of the names `namedFields` (lower case) are dropped. */
  begin(namedFields: readonly string[]): void {
    this.parseError = null;
    this.trailers = "";
    this.#state = State.size;
    this.#remaining = 0;
    this.#sizeDigits = 0;
    this.#extensionBytes = 0;
    this.#trailerReader = null;
    this.#namedFields = namedFields;
  }

  get done(): boolean {
    return this.#state === State.end;
  }

  /** Reads up to the end of a run of data, of the body or of the bytes. Returns the offset to read on from. */
  read(bytes: Uint8Array, from: number, end: number): number {
    this.dataStart = from;
    this.dataEnd = from;
    let at = from;
    while (at < end && this.#state < State.end) {
      if (this.#state === State.data) return this.#readData(at, end);
      if (this.#state === State.trailersOrEnd && bytes[at] !== cr) this.#state = State.trailers;
      if (this.#state === State.trailers) return this.#readTrailers(bytes, at, end);
      this.#state = this.#step(bytes[at] as number);
      at += 1;
    }
    return at;
  }

  #readData(from: number, end: number): number {
    const next = from + Math.min(this.#remaining, end - from);
    this.#remaining -= next - from;
    if (this.#remaining === 0) this.#state = State.dataCr;
    this.dataStart = from;
    this.dataEnd = next;
    return next;
  }

  /** Reads one byte that is neither data nor trailers. Returns the next state. */
  #step(byte: number): State {
    switch (this.#state) {
      case State.size:
        return this.#stepSize(byte);
      case State.extension:
        return this.#stepExtension(byte);
      case State.sizeLf:
        if (byte !== lf) return this.#fail(parseErrors.chunk);
        this.#sizeDigits = 0;
        return this.#remaining === 0 ? State.trailersOrEnd : State.data;
      case State.dataCr:
        return byte === cr ? State.dataLf : this.#fail(parseErrors.chunk);
      case State.dataLf:
        return byte === lf ? State.size : this.#fail(parseErrors.chunk);
      case State.trailersOrEnd:
        return State.endLf;
      default:
        return byte === lf ? State.end : this.#fail(parseErrors.trailers);
    }
  }

  #stepSize(byte: number): State {
    const digit = hexDigits[byte] as number;
    if (digit < 16) {
      this.#remaining = this.#remaining * 16 + digit;
      this.#sizeDigits += 1;
      const isTooLarge = this.#sizeDigits > MAX_SIZE_DIGITS || this.#remaining > Number.MAX_SAFE_INTEGER;
      return isTooLarge ? this.#fail(parseErrors.chunk) : State.size;
    }
    if (this.#sizeDigits === 0) return this.#fail(parseErrors.chunk);
    if (byte === cr) return State.sizeLf;
    this.#extension = ";";
    return byte === semicolon ? State.extension : this.#fail(parseErrors.chunk);
  }

  #stepExtension(byte: number): State {
    this.#extensionBytes += 1;
    if (byte === cr) return extensions.test(this.#extension) ? State.sizeLf : this.#fail(parseErrors.chunk);
    if (!isInClass(CharClass.fieldValue, byte)) return this.#fail(parseErrors.chunk);
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) return this.#fail(parseErrors.longExtensions);
    this.#extension += String.fromCharCode(byte);
    return State.extension;
  }

  #readTrailers(bytes: Uint8Array, from: number, end: number): number {
    this.#trailerReader ??= new TrailerReader(this.#namedFields);
    const next = this.#trailerReader.read(bytes, from, end);
    if (next === INVALID) {
      this.#state = this.#fail(parseErrors.trailers);
      return from;
    }
    if (this.#trailerReader.done) {
      this.trailers = this.#trailerReader.passedOn;
      this.#state = State.end;
    }
    return next;
  }

  #fail(parseError: ParseError): State {
    this.parseError = parseError;
    return State.invalid;
  }
}

/** Returns the line before the data of a chunk of `length` bytes, in canonical form: no leading zeros, no extensions. */
export const chunkHead = (length: number): string => `${length.toString(16)}\r\n`;
