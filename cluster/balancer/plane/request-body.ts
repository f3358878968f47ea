import { BodyReader, type RequestHead, requestFraming } from "../../../src/http1/index.ts";
import type { Settings } from "../config/options.ts";
import { type Refusal, refusalOfUnread } from "./refusal.ts";

/** A client that sends what nobody reads is borne with up to here, in bytes. */
const maxDrained = 64 * 1024 * 1024;

/** The body of a request as it comes: its data, how much of it, and how fast. */
export class RequestBody {
  /** Finds the data. */
  readonly reader = new BodyReader();
  readonly #settings: Settings;
  /** Bytes of data. */
  #length = 0;
  /** Bytes since `restart`. */
  #received = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  begin(head: RequestHead): void {
    this.reader.begin(requestFraming(head), head.fields.contentLength, head.connection?.namedFields);
    this.#length = 0;
    this.#received = 0;
  }

  /** It has been read whole. */
  get done(): boolean {
    return this.reader.done;
  }

  /** Finds the next run of data in `bytes`; returns where to read on. */
  read(bytes: Buffer, at: number): number {
    const next = this.reader.read(bytes, at, bytes.length);
    this.#length += this.reader.dataEnd - this.reader.dataStart;
    this.receive(next - at);
    return next;
  }

  /** Counts bytes that have come. */
  receive(bytes: number): void {
    this.#received += bytes;
  }

  /** What is wrong with it; null while nothing is. */
  get refusal(): Refusal | null {
    const { maxBodyBytes } = this.#settings;
    if (this.reader.parseError !== null) return refusalOfUnread(this.reader.parseError);
    return maxBodyBytes > 0 && this.#length > maxBodyBytes ? "body-too-large" : null;
  }

  /** Less has come since `restart` than has to in `stallTimeoutMs`. */
  get isSlow(): boolean {
    const { minBodyRate, stallTimeoutMs } = this.#settings;
    return this.#received < Math.max(1, (minBodyRate * stallTimeoutMs) / 1_000);
  }

  /** More has come since `restart` than anybody drops. */
  get isTooMuch(): boolean {
    return this.#received > maxDrained;
  }

  /** What comes is counted from here. */
  restart(): void {
    this.#received = 0;
  }
}
