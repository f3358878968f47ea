import { type Decode, type HeadLimits, RequestHead, ResponseHead } from "../../../../src/http1/index.ts";
import type { Settings } from "../../config/options.ts";

type LimitSettings = Pick<Settings, "maxLineBytes" | "maxHeadBytes" | "maxFields">;

const latin1: Decode = (bytes, from, to) =>
  Buffer.isBuffer(bytes) ? bytes.toString("latin1", from, to) : Buffer.from(bytes).toString("latin1", from, to);

/** The limits of a head, `times` those of the settings. */
const limits = ({ maxLineBytes, maxHeadBytes, maxFields }: LimitSettings, times: number): HeadLimits => ({
  line: times * maxLineBytes,
  head: times * maxHeadBytes,
  fields: times * maxFields,
});

/** Readers of heads. Heads are read one at a time, but for those that arrive in pieces: each of these keeps its own reader. */
export class HeadReaders {
  readonly #settings: LimitSettings;
  #request: RequestHead | null = null;
  #response: ResponseHead | null = null;

  constructor(settings: LimitSettings) {
    this.#settings = settings;
  }

  /** Returns a reader that is ready for a request. Give it back when the head has been used. */
  takeRequest(): RequestHead {
    const reader = this.#request ?? new RequestHead(limits(this.#settings, 1), latin1);
    this.#request = null;
    reader.reset();
    return reader;
  }

  giveRequest(reader: RequestHead): void {
    this.#request = reader;
  }

  /** The same for a response. Servers are given twice the room, because cookies are long. */
  takeResponse(): ResponseHead {
    const reader = this.#response ?? new ResponseHead(limits(this.#settings, 2), latin1);
    this.#response = null;
    reader.reset();
    return reader;
  }

  giveResponse(reader: ResponseHead): void {
    this.#response = reader;
  }
}
