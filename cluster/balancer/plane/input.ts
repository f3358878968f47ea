import type { Socket } from "node:net";

/** Takes what stands in `bytes` at `at`; returns where to go on, or -1 when the rest has been dealt with. */
export type Take = (bytes: Buffer, at: number) => number;

const nothing = Buffer.alloc(0);

/** What comes from a socket: taken piece by piece, and kept while it cannot be used. */
export class Input {
  /** Bytes that have come and cannot be used yet. */
  held: Buffer | null = null;
  /** What has come is being taken now. */
  isReading = false;
  isPaused = false;
  readonly #socket: Socket;
  readonly #take: Take;

  constructor(socket: Socket, take: Take) {
    this.#socket = socket;
    this.#take = take;
  }

  /** Takes all that it can of what is held and of `chunk`, a buffer that is used again. */
  read(chunk: Buffer): void {
    const bytes = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    this.held = null;
    this.isReading = true;
    let at = 0;
    while (at >= 0 && at < bytes.length && !this.#socket.destroyed) at = this.#take(bytes, at);
    this.isReading = false;
  }

  /** Keeps what stands behind `at` until more has come. */
  hold(bytes: Buffer, at: number): -1 {
    this.held = Buffer.from(bytes.subarray(at));
    return -1;
  }

  /** Keeps what stands behind `at`, and reads no more. */
  putOff(bytes: Buffer, at: number): -1 {
    this.pause();
    return this.hold(bytes, at);
  }

  pause(): void {
    this.isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#socket.resume();
  }

  /** Goes on reading, with what is held. */
  goOn(): void {
    this.resume();
    this.read(nothing);
  }

  /** Forgets what is held: no more of it is wanted. */
  drop(): void {
    this.held = null;
  }
}
