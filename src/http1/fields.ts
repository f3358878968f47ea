import { Field } from "./field-names.ts";

/** Offsets that are held for each line. */
const SPANS_PER_LINE = 4;

/** The field lines of a head, as offsets from the beginning of the head. A `FieldReader` fills it. One object serves many heads. */
export class Fields {
  /** Number of lines. */
  count = 0;
  /** The known fields that are there, and those that are there more than once: bits `1 << Field.…`. */
  present = 0;
  repeated = 0;
  /** The value of `Content-Length`; -1 without the field. */
  contentLength = -1;
  /**
   * False when `Content-Length` has leading zeros. A proxy then writes the number in place of the text, because a server may
   * take `010` for an octal number.
   */
  isLengthCanonical = true;
  /** True when `Transfer-Encoding` is valid, but has a coding before `chunked`. */
  hasUnknownCoding = false;
  /** The `Field` of each line. */
  readonly ids: Uint8Array;
  /** Of each line: where it begins, its name ends, its value begins and ends. Then: where the last line ends. */
  readonly #spans: Int32Array;
  /** The first line of each known field that is present. */
  readonly #firstLines = new Int32Array(32);

  constructor(maxLines: number) {
    this.ids = new Uint8Array(maxLines);
    this.#spans = new Int32Array(SPANS_PER_LINE * (maxLines + 1));
  }

  clear(): void {
    this.count = 0;
    this.present = 0;
    this.repeated = 0;
    this.contentLength = -1;
    this.isLengthCanonical = true;
    this.hasUnknownCoding = false;
  }

  /** Adds a line with the `Field` `id`; `value` is the part of the line between the blanks. */
  add(id: number, start: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const line = this.count;
    const spans = this.#spans;
    const at = SPANS_PER_LINE * line;
    spans[at] = start;
    spans[at + 1] = nameEnd;
    spans[at + 2] = valueStart;
    spans[at + 3] = valueEnd;
    this.ids[line] = id;
    this.count = line + 1;
    if (id !== Field.other) this.#addKnown(id, line);
  }

  /** Ends the lines at an offset, where the empty line begins. */
  end(at: number): void {
    this.#spans[SPANS_PER_LINE * this.count] = at;
  }

  /** Where a line begins; `start(count)` is where the last line ends and the empty one begins. */
  start(line: number): number {
    return this.#spans[SPANS_PER_LINE * line] as number;
  }
  nameEnd(line: number): number {
    return this.#spans[SPANS_PER_LINE * line + 1] as number;
  }
  valueStart(line: number): number {
    return this.#spans[SPANS_PER_LINE * line + 2] as number;
  }
  valueEnd(line: number): number {
    return this.#spans[SPANS_PER_LINE * line + 3] as number;
  }

  /** Returns the number of the first line with the known field `id`; -1 without one. */
  lineOf(id: number): number {
    return (this.present & (1 << id)) === 0 ? -1 : (this.#firstLines[id] as number);
  }

  /** Returns the value of the first line with the known field `id`. `text` is that of the head. */
  value(id: number, text: string): string | undefined {
    const line = this.lineOf(id);
    return line < 0 ? undefined : text.slice(this.valueStart(line), this.valueEnd(line));
  }

  /** Returns the values of all lines with a name (lower case), joined as in RFC 9110, 5.3; undefined without one. */
  find(name: string, text: string): string | undefined {
    let found: string | undefined;
    for (let line = 0; line < this.count; line += 1) {
      if (!this.hasName(line, name, text)) continue;
      const value = text.slice(this.valueStart(line), this.valueEnd(line));
      found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
    }
    return found;
  }

  /** Whether a line has a name (lower case). */
  hasName(line: number, name: string, text: string): boolean {
    const start = this.start(line);
    const end = this.nameEnd(line);
    return end - start === name.length && text.slice(start, end).toLowerCase() === name;
  }

  #addKnown(id: number, line: number): void {
    const bit = 1 << id;
    if ((this.present & bit) === 0) this.#firstLines[id] = line;
    else this.repeated |= bit;
    this.present |= bit;
  }
}
