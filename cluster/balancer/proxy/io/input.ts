import type { ByteStream } from "./stream.ts";

/** Takes what stands in `bytes` at `at`. Returns the offset to go on from, or -1 when the rest has been dealt with. */
export type Take = (bytes: Buffer, at: number) => number;

const nothing = Buffer.alloc(0);

/** What arrives on a stream: taken piece by piece, and held while it cannot be used. */
export class Input {
  /** Bytes that have arrived and cannot be used yet. */
  held: Buffer | null = null;
  /** True while `take` is being called: what is written then is flushed when that is over. */
  isReading = false;
  isPaused = false;
  readonly #stream: ByteStream;
  readonly #take: Take;

  constructor(stream: ByteStream, take: Take) {
    this.#stream = stream;
    this.#take = take;
  }

  /** Takes all that can be taken of what is held and of `chunk`, a buffer that is read into again. */
  read(chunk: Buffer): void {
    const bytes = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    this.held = null;
    this.isReading = true;
    let at = 0;
    while (at >= 0 && at < bytes.length && !this.#stream.isDestroyed) at = this.#take(bytes, at);
    this.isReading = false;
  }

  /** Takes what is held, as far as it can be. */
  readHeld(): void {
    this.read(nothing);
  }

  /** Holds what stands behind `at` until more has arrived. */
  hold(bytes: Buffer, at: number): -1 {
    this.held = Buffer.from(bytes.subarray(at));
    return -1;
  }

  /** Forgets what is held. */
  drop(): void {
    this.held = null;
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#stream.resume();
  }
}
