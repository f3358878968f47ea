import type { ByteStream } from "./stream.ts";

interface ByteCounts {
  bytesReceived: number;
  bytesSent: number;
}

/** Adds what passes on a stream to counts. */
export class ByteCounter {
  readonly #stream: ByteStream;
  readonly #counts: ByteCounts;
  #read = 0;
  #written = 0;

  constructor(stream: ByteStream, counts: ByteCounts) {
    this.#stream = stream;
    this.#counts = counts;
  }

  /** Adds what has passed since the last time. */
  add(): void {
    const { bytesRead, bytesWritten } = this.#stream;
    this.#counts.bytesReceived += bytesRead - this.#read;
    this.#counts.bytesSent += bytesWritten - this.#written;
    this.#read = bytesRead;
    this.#written = bytesWritten;
  }
}
