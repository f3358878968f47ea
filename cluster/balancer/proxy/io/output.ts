import { BUFFER_SIZE, takeBuffer } from "./buffers.ts";
import type { ByteStream } from "./stream.ts";

/** Data up to this many bytes goes out as text, in one write with the text around it: cheaper than a buffer. */
const LONGEST_TEXT = 8_192;

/** Gathers what is to be written to a stream, so that it goes out in as few writes as possible. */
export class Output {
  readonly #stream: ByteStream;
  /** Bytes that go out before the text. */
  #buffer: Buffer | null = null;
  #length = 0;
  #text = "";

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Adds text, one byte a character. */
  add(text: string): void {
    this.#text += text;
  }

  /** Adds data from a buffer that is read into again. */
  addData(bytes: Buffer, from: number, to: number): void {
    if (to - from <= LONGEST_TEXT) {
      this.#text += bytes.toString("latin1", from, to);
      return;
    }
    this.#reserve(this.#text.length + to - from);
    this.#appendText();
    bytes.copy(this.#buffer as Buffer, this.#length, from, to);
    this.#length += to - from;
  }

  /** Makes room in the buffer for so many bytes more. */
  #reserve(bytes: number): void {
    if (this.#buffer !== null && this.#length + bytes > this.#buffer.length) this.#writeBuffer();
    this.#buffer ??= takeBuffer(bytes);
  }

  #appendText(): void {
    this.#length += (this.#buffer as Buffer).write(this.#text, this.#length, "latin1");
    this.#text = "";
  }

  #writeBuffer(): void {
    if (this.#buffer !== null) this.#stream.writeBuffer(this.#buffer, this.#length);
    this.#buffer = null;
    this.#length = 0;
  }

  /** Writes what has been added. Returns false when the peer should be waited for: `onDrain` follows. */
  flush(): boolean {
    if (this.#buffer !== null) {
      if (this.#length + this.#text.length <= BUFFER_SIZE) this.#appendText();
      this.#writeBuffer();
    }
    if (this.#text !== "") {
      const text = this.#text;
      this.#text = "";
      this.#stream.write(text);
    }
    return !this.#stream.isSaturated;
  }
}
