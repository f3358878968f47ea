import { Framing, incomplete, type RequestHead, requestFraming } from "../../../src/http1/index.ts";

/** A client that asks for more than this before it has any answer is not waited for. */
const maxRequests = 1_000;

/** Looks at the requests that stand behind one that is not answered yet: who sends nonsense there is not served at all. */
export class LookAhead {
  readonly #reader: RequestHead;
  #at = 0;
  #requests = 0;
  /** A body or a last request stands before what follows. */
  #isBlind = false;

  constructor(reader: RequestHead) {
    this.#reader = reader;
  }

  /** Whether `bytes`, all that has come since, may go on to wait. */
  isSound(bytes: Buffer): boolean {
    while (!this.#isBlind && this.#at < bytes.length) {
      const next = this.#reader.read(bytes, this.#at, bytes.length);
      if (next === incomplete) return true;
      if (next < 0) return false;
      this.#at = next;
      this.#requests += 1;
      this.#isBlind = !this.#reader.keepAlive || requestFraming(this.#reader) !== Framing.none;
      this.#reader.reset();
    }
    return this.#requests <= maxRequests;
  }
}
