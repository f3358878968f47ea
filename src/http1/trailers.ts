import { decodeLatin1 } from "./bytes.ts";
import { Field, fieldSet } from "./field-names.ts";
import { FieldReader, type HeadLimits } from "./field-reader.ts";
import { INCOMPLETE, INVALID } from "./result.ts";

/** The limits of a trailer section. `line` and `head` are in bytes. */
const trailerLimits: HeadLimits = { line: 4_096, head: 8_192, fields: 32 };

/** Fields that frame a message, route it, authenticate it or say who sent it may not be trailers (RFC 9110, 6.5.1). */
const neverTrailers = ~fieldSet(Field.other);
const neverTrailerNames =
  /^(?:cache-control|content-(?:encoding|range|type)|cookie|set-cookie|range|if-.*|www-authenticate|proxy-.*|age|expires|location|retry-after|vary|warning)$/i;

/**
 * Reads the trailer section behind the last chunk of one body (RFC 9112, 7.1.2). Trailers are rare and short, so that their
 * bytes are copied and read as one piece.
 */
export class TrailerReader {
  done = false;
  /** The lines that a proxy may pass on, each with its CRLF. Empty before `done`. */
  passedOn = "";
  readonly #reader = new FieldReader(trailerLimits);
  readonly #bytes = new Uint8Array(trailerLimits.head);
  #length = 0;
  readonly #namedFields: readonly string[];

  /** Lines with one of the names `namedFields` (lower case) are dropped. */
  constructor(namedFields: readonly string[]) {
    this.#namedFields = namedFields;
    this.#reader.begin(0);
  }

  /** Reads on. Returns the offset to read on from, or `invalid`. */
  read(bytes: Uint8Array, from: number, end: number): number {
    const before = this.#length;
    const added = bytes.subarray(from, Math.min(end, from + this.#bytes.length - before));
    this.#bytes.set(added, before);
    this.#length += added.length;
    const next = this.#reader.read(this.#bytes, 0, this.#length);
    if (next === INCOMPLETE) return from + added.length;
    if (next < 0) return INVALID;
    this.done = true;
    this.passedOn = this.#linesToPassOn(next);
    return from + next - before;
  }

  #linesToPassOn(end: number): string {
    const { fields } = this.#reader;
    const text = decodeLatin1(this.#bytes, 0, end);
    let lines = "";
    for (let line = 0; line < fields.count; line += 1) {
      const start = fields.start(line);
      const name = text.slice(start, fields.nameEnd(line));
      const isNever = (neverTrailers & (1 << (fields.ids[line] ?? 0))) !== 0 || neverTrailerNames.test(name);
      if (!isNever && !this.#namedFields.includes(name.toLowerCase()))
        lines += text.slice(start, fields.start(line + 1));
    }
    return lines;
  }
}
