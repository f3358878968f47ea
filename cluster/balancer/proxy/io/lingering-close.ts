import { StallWatch } from "./stall-watch.ts";
import type { ByteStream, StreamHandler } from "./stream.ts";

/** How many bytes of a client that sends on after its response are drained, at most. */
export const MAX_DROPPED = 64 * 1024 * 1024;

interface LingeringCloseOptions {
  /** When the client must have closed too, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** How long the client may take none of what is pending, in milliseconds. */
  readonly stallTimeoutMs: number;
  /** The client has shut its sending side already. */
  readonly isEnded: boolean;
  readonly onClosed: () => void;
}

/**
 * Closes a connection so that the client gets all that was written: a connection that is closed with bytes unread is reset, and
 * what the client has not read may be lost with it. What the client still sends is dropped (nginx: `lingering_close`).
 */
export class LingeringClose implements StreamHandler {
  readonly #stream: ByteStream;
  readonly #options: LingeringCloseOptions;
  readonly #stall = new StallWatch();
  #dropped = 0;
  #isEnded: boolean;
  #isFinished = false;

  constructor(stream: ByteStream, options: LingeringCloseOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#isEnded = options.isEnded;
    stream.handler = this;
    stream.end();
    stream.resume();
  }

  /** Some of what was written has not been taken. */
  get isBusy(): boolean {
    return this.#stream.pendingBytes > 0;
  }

  sweep(now: number): void {
    const { deadline, stallTimeoutMs } = this.#options;
    if ((now >= deadline && !this.isBusy) || this.#stall.isStalled(this.#stream, now, stallTimeoutMs)) this.destroy();
  }

  onData(bytes: Buffer): void {
    this.#dropped += bytes.length;
    if (this.#dropped > MAX_DROPPED) this.destroy();
  }

  onEnd(): void {
    this.#isEnded = true;
    this.#closeWhenDone();
  }

  onFinish(): void {
    this.#isFinished = true;
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#isEnded && this.#isFinished) this.destroy();
  }

  onDrain(): void {}

  onError(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#stream.isDestroyed) return;
    this.#stream.destroy();
    this.#options.onClosed();
  }
}
