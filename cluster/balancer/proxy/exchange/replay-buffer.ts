import type { Sink } from "../io/body-run.ts";

/** What has been sent of a request's body, so that it can be sent again. */
export class ReplayBuffer implements Sink {
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

  /** Forgets it: the request is not sent again. */
  drop(): void {
    this.text = null;
  }
}
