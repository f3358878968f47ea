import type { ByteStream } from "./stream.ts";

/** Finds out whether the peer of a stream takes nothing of what is written to it. */
export class StallWatch {
  #taken = 0;
  #since = 0;

  /** Whether something has been pending for `ms` and none of it was taken; call it now and then. */
  isStalled({ bytesWritten, pendingBytes }: ByteStream, now: number, ms: number): boolean {
    const taken = bytesWritten - pendingBytes;
    if (pendingBytes === 0 || taken !== this.#taken || this.#since === 0) {
      this.#taken = taken;
      this.#since = now;
    }
    return now - this.#since >= ms;
  }
}
