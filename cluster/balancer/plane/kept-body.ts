/** What is sent of a body, and sent again. */
import { type BodyReader, chunkHead, Framing } from "../../../src/http1/index.ts";

/** What takes what is to be sent. */
interface Sink {
  /** Adds text, a byte each character. */
  add(text: string): void;
  /** Adds data from a buffer that is used again. */
  addData(bytes: Buffer, from: number, to: number): void;
}

/** Adds the run that `body` has just found in `bytes`, in a chunk where it is chunked, and after the last what ends it. */
export function addRun(to: Sink, bytes: Buffer, { dataStart, dataEnd, framing, done, trailers }: BodyReader): void {
  const isChunked = framing === Framing.chunked;
  if (dataEnd > dataStart) {
    if (isChunked) to.add(chunkHead(dataEnd - dataStart));
    to.addData(bytes, dataStart, dataEnd);
    if (isChunked) to.add("\r\n");
  }
  if (done && isChunked) to.add(`0\r\n${trailers}\r\n`);
}

/** What has been sent of a body, so that it can be sent again. */
export class KeptBody implements Sink {
  readonly #maxBytes: number;
  /** As it was sent; null when that was too much, or is not needed any more. */
  text: string | null = "";

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(text: string): void {
    if (this.text !== null) this.text = this.text.length + text.length > this.#maxBytes ? null : this.text + text;
  }

  addData(bytes: Buffer, from: number, to: number): void {
    if (this.text !== null && this.text.length + to - from > this.#maxBytes) this.text = null;
    if (this.text !== null) this.add(bytes.toString("latin1", from, to));
  }

  /** It is not to be sent again. */
  drop(): void {
    this.text = null;
  }
}
