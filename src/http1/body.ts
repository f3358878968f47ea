import { CR, decodeLatin1, hexDigits, isPart, LF, Part } from "./bytes.ts";
import { Fields, type HeadLimits, incomplete } from "./fields.ts";
import { Field, fieldSet } from "./names.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import type { RequestHead } from "./request.ts";
import type { ResponseHead } from "./response.ts";

/** How a message tells where its body ends (RFC 9112, 6.3). */
export const Framing = {
  /** There is no body. */
  none: 0,
  length: 1,
  chunked: 2,
  /** It ends with the connection. */
  close: 3,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

const hasChunks = ({ present }: Fields): boolean => (present & (1 << Field.transferEncoding)) !== 0;

export function requestFraming({ fields }: RequestHead): Framing {
  if (hasChunks(fields)) return Framing.chunked;
  return fields.contentLength > 0 ? Framing.length : Framing.none;
}

/** `method` is that of the request. */
export function responseFraming({ fields, status }: ResponseHead, method: string): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return Framing.none;
  if (hasChunks(fields)) return Framing.chunked;
  if (fields.contentLength < 0) return Framing.close;
  return fields.contentLength === 0 ? Framing.none : Framing.length;
}

/** Bytes of chunk extensions in a body, and of its trailers: nobody uses many. */
const maxExtensions = 16_384;
/** Extensions as they may stand behind a chunk's size: names, and what they are worth (RFC 9112, 7.1.1). */
const extensions =
  /^(?:[\t ]*;[\t ]*[!#$%&'*+.^_`|~\w-]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?)*$/;
const trailerLimits: HeadLimits = { line: 4_096, head: 8_192, fields: 32 };

/** Where the reader of a chunked body stands. */
const State = { size: 0, extension: 1, sizeEnd: 2, data: 3, dataCr: 4, dataLf: 5, trailers: 6 } as const;

/** Trailers that change how a message is read, where it goes or who sent it are dropped (RFC 9110, 6.5.1). */
const neverTrailers = ~fieldSet(Field.other);
const neverTrailerNames =
  /^(?:cache-control|content-(?:encoding|range|type)|cookie|set-cookie|range|if-.*|www-authenticate|proxy-.*|age|expires|location|retry-after|vary|warning)$/i;

/**
 * Finds the data in the body of a message as its bytes arrive, and the end of it. Each `read` yields one run of data as
 * `dataStart` and `dataEnd`, offsets into the bytes given, and returns where to read on.
 */
export class BodyReader {
  done = true;
  parseError: ParseError | null = null;
  dataStart = 0;
  dataEnd = 0;
  /** The trailer lines that may be passed on, each with its CRLF. */
  trailers = "";
  #framing: Framing = Framing.none;
  #state: number = State.size;
  /** Bytes of data to come in the body or the chunk; the size of a chunk while it is read. */
  #remaining = 0;
  /** Digits of the size so far. */
  #digits = 0;
  /** Bytes of extensions so far; the text of those of the present chunk. */
  #extensions = 0;
  #extension = "";
  #trailer: TrailerReader | null = null;
  #namedFields: readonly string[] = [];

  /**
   * Begins a body; `length` counts for `Framing.length` alone. Its trailers may have no fields of the names `namedFields`
   * (lower case).
   */
  begin(framing: Framing, length: number, namedFields: readonly string[] = []): void {
    this.done = framing === Framing.none;
    this.parseError = null;
    this.trailers = "";
    this.#framing = framing;
    this.#state = State.size;
    this.#remaining = framing === Framing.length ? length : 0;
    this.#digits = 0;
    this.#extensions = 0;
    this.#trailer = null;
    this.#namedFields = namedFields;
  }

  get framing(): Framing {
    return this.#framing;
  }

  /** Reads up to the end of a run of data, or of the body, or of the bytes. */
  read(bytes: Uint8Array, from: number, end: number): number {
    this.dataStart = from;
    this.dataEnd = from;
    switch (this.#framing) {
      case Framing.none:
        return from;
      case Framing.close:
        this.dataEnd = end;
        return end;
      case Framing.length:
        this.#takeData(from, end);
        this.done = this.#remaining === 0;
        return this.dataEnd;
      case Framing.chunked:
        return this.#readChunked(bytes, from, end);
    }
  }

  #takeData(from: number, end: number): void {
    const taken = Math.min(this.#remaining, end - from);
    this.#remaining -= taken;
    this.dataStart = from;
    this.dataEnd = from + taken;
  }

  #readChunked(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && !this.done && this.parseError === null) {
      if (this.#state === State.trailers) return this.#readTrailers(bytes, at, end);
      if (this.#state === State.data) {
        this.#takeData(at, end);
        if (this.#remaining === 0) this.#state = State.dataCr;
        return this.dataEnd;
      }
      this.#step(bytes[at] as number);
      at += 1;
    }
    return at;
  }

  /** Takes one byte of what stands around the data. */
  #step(byte: number): void {
    switch (this.#state) {
      case State.size:
        this.#stepSize(byte);
        return;
      case State.extension:
        this.#stepExtension(byte);
        return;
      case State.sizeEnd:
        if (byte !== LF) this.parseError = parseErrors.chunk;
        this.#state = this.#remaining === 0 ? State.trailers : State.data;
        return;
      case State.dataCr:
        this.#expect(byte, CR, State.dataLf);
        return;
      default:
        this.#expect(byte, LF, State.size);
        this.#digits = 0;
    }
  }

  #expect(byte: number, wanted: number, next: number): void {
    if (byte !== wanted) this.parseError = parseErrors.chunk;
    this.#state = next;
  }

  #stepSize(byte: number): void {
    const digit = hexDigits[byte] as number;
    if (digit < 16) {
      this.#remaining = this.#remaining * 16 + digit;
      this.#digits += 1;
      if (this.#digits > 16 || this.#remaining > Number.MAX_SAFE_INTEGER) this.parseError = parseErrors.chunk;
    } else if (this.#digits === 0) this.parseError = parseErrors.chunk;
    else if (byte === CR) this.#state = State.sizeEnd;
    else if (byte === 0x3b) {
      this.#extension = ";";
      this.#state = State.extension;
    } else this.parseError = parseErrors.chunk;
  }

  /** They are dropped; what is none, another reader might take for something else. */
  #stepExtension(byte: number): void {
    this.#extensions += 1;
    if (byte === CR) {
      if (!extensions.test(this.#extension)) this.parseError = parseErrors.chunk;
      this.#state = State.sizeEnd;
    } else if (!isPart(Part.value, byte)) this.parseError = parseErrors.chunk;
    else if (this.#extensions > maxExtensions) this.parseError = parseErrors.longExtensions;
    else this.#extension += String.fromCharCode(byte);
  }

  #readTrailers(bytes: Uint8Array, from: number, end: number): number {
    this.#trailer ??= new TrailerReader(this.#namedFields);
    const next = this.#trailer.read(bytes, from, end);
    this.dataStart = next;
    this.dataEnd = next;
    this.parseError = this.#trailer.parseError;
    this.done = this.#trailer.done;
    this.trailers = this.#trailer.kept;
    return next;
  }
}

/** Reads the lines after the last chunk. They are rare and short, and so are copied to be read in one piece. */
class TrailerReader {
  done = false;
  parseError: ParseError | null = null;
  kept = "";
  readonly #fields = new Fields(trailerLimits);
  readonly #held = new Uint8Array(trailerLimits.head);
  #length = 0;

  readonly #namedFields: readonly string[];

  constructor(namedFields: readonly string[]) {
    this.#namedFields = namedFields;
    this.#fields.reset(0);
  }

  read(bytes: Uint8Array, from: number, end: number): number {
    const before = this.#length;
    const taken = bytes.subarray(from, Math.min(end, from + this.#held.length - before));
    this.#held.set(taken, before);
    this.#length += taken.length;
    const next = this.#fields.read(this.#held, 0, this.#length);
    if (next === incomplete) return from + taken.length;
    if (next < 0) {
      this.parseError = parseErrors.trailers;
      return from;
    }
    this.done = true;
    this.kept = this.#keep();
    return from + next - before;
  }

  #keep(): string {
    const text = decodeLatin1(this.#held, 0, this.#length);
    let kept = "";
    for (let at = 0; at < this.#fields.count; at += 1) {
      const start = this.#fields.start(at);
      const name = text.slice(start, this.#fields.nameEnd(at));
      const isKnown = (neverTrailers & (1 << (this.#fields.ids[at] ?? 0))) !== 0;
      const isRemoved = this.#namedFields.includes(name.toLowerCase());
      if (!isKnown && !isRemoved && !neverTrailerNames.test(name))
        kept += text.slice(start, this.#fields.start(at + 1));
    }
    return kept;
  }
}

/** What stands before the data of a chunk. */
export const chunkHead = (length: number): string => `${length.toString(16)}\r\n`;
