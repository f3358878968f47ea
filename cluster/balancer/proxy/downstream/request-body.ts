import { BodyReader, type RequestHead, requestFraming } from "../../../../src/http1/index.ts";
import type { Settings } from "../../config/options.ts";
import type { RequestError } from "../contract.ts";
import { MAX_DROPPED } from "../io/lingering-close.ts";
import { requestErrorOf } from "./request-error.ts";

type BodySettings = Pick<Settings, "maxBodyBytes" | "minBodyRate" | "stallTimeoutMs">;

/** The body of a request as it arrives: its runs of data, how long it is, and how fast it comes. */
export class RequestBody {
  /** Finds the data. */
  readonly reader = new BodyReader();
  readonly #settings: BodySettings;
  /** Bytes of data. */
  #length = 0;
  /** Bytes since `restart`. */
  #received = 0;

  constructor(settings: BodySettings) {
    this.#settings = settings;
  }

  begin(head: RequestHead): void {
    this.reader.begin(requestFraming(head), head.fields.contentLength, head.connection?.namedFields);
    this.#length = 0;
    this.#received = 0;
  }

  /** It has arrived whole. */
  get isWhole(): boolean {
    return this.reader.done;
  }

  /** Finds the next run of data in `bytes`; returns the offset to read on from. */
  read(bytes: Buffer, at: number): number {
    const next = this.reader.read(bytes, at, bytes.length);
    this.#length += this.reader.dataEnd - this.reader.dataStart;
    this.#received += next - at;
    return next;
  }

  /** What is wrong with it; null while nothing is. */
  get error(): RequestError | null {
    const { maxBodyBytes } = this.#settings;
    if (this.reader.parseError !== null) return requestErrorOf(this.reader.parseError);
    return maxBodyBytes > 0 && this.#length > maxBodyBytes ? "body-too-large" : null;
  }

  /** Less has arrived since `restart` than has to in `stallTimeoutMs`. */
  get isSlow(): boolean {
    const { minBodyRate, stallTimeoutMs } = this.#settings;
    return this.#received < Math.max(1, (minBodyRate * stallTimeoutMs) / 1_000);
  }

  /** More has arrived since `restart` than is dropped of a body that nobody takes. */
  get isTooMuchToDrop(): boolean {
    return this.#received > MAX_DROPPED;
  }

  /** Counts what arrives from here on. */
  restart(): void {
    this.#received = 0;
  }
}
