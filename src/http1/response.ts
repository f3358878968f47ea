import { CR, type Decode, endOf, LF, Part, SP } from "./bytes.ts";
import { type ConnectionOptions, connectionOptions } from "./connection.ts";
import { Fields, type HeadLimits, incomplete, invalid } from "./fields.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";
import { wrongFraming } from "./request.ts";

/** `HTTP/1.1 200`: the shortest that a status line may begin with. */
const shortest = 12;
const beginning = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];

/** The head of an answer (RFC 9112, 4), read as its bytes arrive and used again for the next. */
export class ResponseHead {
  readonly fields: Fields;
  readonly #decode: Decode;
  /** The head as it came, from its first line to the empty one, a character each byte. */
  text = "";
  /** 100 to 999. */
  status = 0;
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minor = 1;
  options: ConnectionOptions | null = null;
  /** Where the field lines begin; 0 before the first line was read. */
  #lines = 0;

  constructor(limits: HeadLimits, decode: Decode) {
    this.fields = new Fields(limits);
    this.#decode = decode;
  }

  get parseError(): ParseError | null {
    return this.fields.parseError;
  }

  /** Whether the server means the connection to last. An answer that ends with it does not. */
  get keepAlive(): boolean {
    const { options } = this;
    return options !== null && !options.close && (this.minor === 1 || options.keepAlive);
  }

  /** Where the field lines begin in `text`. */
  get lines(): number {
    return this.#lines;
  }

  /** Ready for another answer. */
  reset(): void {
    this.#lines = 0;
    this.fields.parseError = null;
  }

  /** Reads on, as `RequestHead.read` does. */
  read(bytes: Uint8Array, from: number, end: number): number {
    if (this.#lines === 0) {
      const length = this.#readStatusLine(bytes, from, end);
      if (length < 0) return length;
      this.#lines = length;
      this.fields.reset(length);
    }
    const next = this.fields.read(bytes, from, end);
    if (next < 0) return next;
    this.text = this.#decode(bytes, from, from + next);
    return this.#check() ? from + next : invalid;
  }

  #readStatusLine(bytes: Uint8Array, base: number, end: number): number {
    const limit = base + this.fields.limits.line;
    const stop = Math.min(end, limit);
    for (let at = 0; at < shortest; at += 1) {
      if (base + at >= stop) return this.#lineRanOut(end, limit);
      if (!mayStand(bytes[base + at] as number, at)) return this.fields.refuse(parseErrors.statusLine);
    }
    let at = base + shortest;
    // The blank after the status may be missing with the reason: no reader takes that for anything else.
    if (at < stop && bytes[at] !== SP && bytes[at] !== CR) return this.fields.refuse(parseErrors.statusLine);
    at = endOf(Part.value, bytes, at, stop);
    if (at < stop && bytes[at] !== CR) return this.fields.refuse(parseErrors.statusLine);
    if (at + 1 >= stop) return this.#lineRanOut(end, limit);
    if (bytes[at + 1] !== LF) return this.fields.refuse(parseErrors.statusLine);
    this.minor = (bytes[base + 7] as number) - 0x30;
    this.status = Number(this.#decode(bytes, base + 9, base + 12));
    return at + 2 - base;
  }

  #lineRanOut(end: number, limit: number): number {
    return end >= limit ? this.fields.refuse(parseErrors.statusLine) : incomplete;
  }

  #check(): boolean {
    const { fields } = this;
    const wrong = wrongFraming(fields, this.minor);
    this.options = wrong === null ? connectionOptions(fields, this.text) : null;
    fields.parseError = wrong ?? (this.options === null ? parseErrors.connection : null);
    return fields.parseError === null;
  }
}

/** Whether a byte may stand at a place of `HTTP/1.1 200`. */
function mayStand(byte: number, at: number): boolean {
  if (at < beginning.length) return byte === beginning[at];
  if (at === 7) return byte === 0x30 || byte === 0x31;
  if (at === 8) return byte === SP;
  // No status is under 100.
  return byte >= (at === 9 ? 0x31 : 0x30) && byte <= 0x39;
}
