import { ChunkedReader } from "./chunks.ts";
import { Framing } from "./framing.ts";
import type { ParseError } from "./parse-error.ts";

/**
 * Finds the data in the body of a message as its bytes arrive, and the end of the body. One object reads many bodies. Each
 * `read` finds one run of data: `dataStart` and `dataEnd` are offsets into the bytes given.
 */
export class BodyReader {
  done = true;
  parseError: ParseError | null = null;
  dataStart = 0;
  dataEnd = 0;
  /** The trailer lines that a proxy may pass on, each with its CRLF. Empty before `done`. */
  trailers = "";
  #framing: Framing = Framing.none;
  /** Bytes that are still to come of a body with a length. */
  #remaining = 0;
  #chunks: ChunkedReader | null = null;

  /**
   * Begins a body. `length` counts for `Framing.length` alone. `namedFields` are the names (lower case) that the `Connection`
   * fields of the head list: a trailer line with such a name is dropped.
   */
  begin(framing: Framing, length: number, namedFields: readonly string[] = []): void {
    this.done = framing === Framing.none;
    this.parseError = null;
    this.trailers = "";
    this.#framing = framing;
    this.#remaining = framing === Framing.length ? length : 0;
    if (framing !== Framing.chunked) return;
    this.#chunks ??= new ChunkedReader();
    this.#chunks.begin(namedFields);
  }

  get framing(): Framing {
    return this.#framing;
  }

  /** Reads up to the end of a run of data, of the body or of the bytes. Returns the offset to read on from. */
  read(bytes: Uint8Array, from: number, end: number): number {
    this.dataStart = from;
    this.dataEnd = from;
    if (this.#framing === Framing.length) return this.#readLength(from, end);
    if (this.#framing === Framing.close) {
      this.dataEnd = end;
      return end;
    }
    return this.#chunks === null || this.#framing === Framing.none
      ? from
      : this.#readChunks(this.#chunks, bytes, from, end);
  }

  #readLength(from: number, end: number): number {
    const next = from + Math.min(this.#remaining, end - from);
    this.#remaining -= next - from;
    this.done = this.#remaining === 0;
    this.dataEnd = next;
    return next;
  }

  #readChunks(chunks: ChunkedReader, bytes: Uint8Array, from: number, end: number): number {
    const next = chunks.read(bytes, from, end);
    this.dataStart = chunks.dataStart;
    this.dataEnd = chunks.dataEnd;
    this.done = chunks.done;
    this.parseError = chunks.parseError;
    this.trailers = chunks.trailers;
    return next;
  }
}
