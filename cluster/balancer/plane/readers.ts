import { type Decode, RequestHead, ResponseHead } from "../../../src/http1/index.ts";
import type { Settings } from "../config/options.ts";
import { answerLimits, requestLimits } from "./limits.ts";

const latin1: Decode = (bytes, from, to) =>
  Buffer.isBuffer(bytes) ? bytes.toString("latin1", from, to) : Buffer.from(bytes).toString("latin1", from, to);

/** Readers of heads. One head is read at a time, but for those that come in pieces: each of these keeps its own reader. */
export class Readers {
  readonly #settings: Settings;
  #request: RequestHead | null = null;
  #answer: ResponseHead | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A reader that is ready for a request; give it back when the head has been used. */
  takeRequest(): RequestHead {
    const reader = this.#request ?? this.newRequest();
    this.#request = null;
    reader.reset();
    return reader;
  }

  /** One that nobody shares. */
  newRequest(): RequestHead {
    return new RequestHead(requestLimits(this.#settings), latin1);
  }

  giveRequest(reader: RequestHead): void {
    this.#request = reader;
  }

  /** The same for an answer. */
  takeAnswer(): ResponseHead {
    const reader = this.#answer ?? new ResponseHead(answerLimits(this.#settings), latin1);
    this.#answer = null;
    reader.reset();
    return reader;
  }

  giveAnswer(reader: ResponseHead): void {
    this.#answer = reader;
  }
}
