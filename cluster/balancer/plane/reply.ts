import { chunkHead, Field, Framing, type RequestHead, type ResponseHead } from "../../../src/http1/index.ts";
import { framingForClient, writeAnswer, writeUpgrade } from "./answer-fields.ts";
import type { Client } from "./client.ts";
import type { PlaneContext } from "./context.ts";

const viaLine = "Via: 1.1 lbctl\r\n";

/** The answer to one request on its way to the client, in the client's version of HTTP. */
export class Reply {
  readonly #context: PlaneContext;
  readonly #client: Client;
  /** Of the client's version of HTTP. */
  readonly #minor: number;
  readonly #keepAlive: boolean;
  /** The client waits with its body for a 100. */
  readonly #expects: boolean;
  /** How the body goes to the client. */
  #framing: Framing = Framing.none;

  /** All that is needed of `head` is taken from it here: its reader goes on to the next request. */
  constructor(context: PlaneContext, client: Client, head: RequestHead) {
    this.#context = context;
    this.#client = client;
    this.#minor = head.minor;
    this.#keepAlive = head.keepAlive;
    this.#expects = head.minor === 1 && (head.fields.present & (1 << Field.expect)) !== 0;
  }

  /** The client's connection ends with the answer, as it asked for. */
  get isLast(): boolean {
    return !this.#keepAlive;
  }

  /** The client waits with its body for a 100. */
  get expects(): boolean {
    return this.#expects;
  }

  /** Whether the client's connection lasts after this answer. */
  get lasts(): boolean {
    // A client that waits with its body may leave it out after another answer than 100: what would come next?
    const isUnsure = this.#expects && !this.#client.isWhole;
    return this.#keepAlive && !isUnsure && !this.#context.closing && this.#framing !== Framing.close;
  }

  /** An interim answer (RFC 9110, 15.2); clients of HTTP/1.0 know none. */
  interim(head: ResponseHead): void {
    if (this.#minor === 1) this.#client.output.add(writeAnswer(head, "", false));
  }

  /** The head of a 101. */
  upgrade(head: ResponseHead): void {
    this.#client.output.add(writeUpgrade(head, this.#via));
  }

  /** The head of the answer, whose body ends as `framing` says; with `lines` of ours, `hidesId`: without the server's `X-Request-Id`. */
  begin(head: ResponseHead, framing: Framing, lines: string, hidesId: boolean): void {
    this.#framing = framingForClient(framing, this.#minor);
    const chunks = this.#framing === Framing.chunked ? "Transfer-Encoding: chunked\r\n" : "";
    this.#client.output.add(writeAnswer(head, chunks + this.lines(lines), hidesId));
  }

  /** A run of the body, in a buffer that is used again. */
  data(bytes: Buffer, from: number, to: number): void {
    const { output } = this.#client;
    const isChunked = this.#framing === Framing.chunked;
    if (isChunked) output.add(chunkHead(to - from));
    output.addData(bytes, from, to);
    if (isChunked) output.add("\r\n");
  }

  /** The body is whole. */
  end(trailers: string): void {
    if (this.#framing === Framing.chunked) this.#client.output.add(`0\r\n${trailers}\r\n`);
  }

  /** `lines` for the head of an answer, with those that say who passes it on and whether the connection lasts. */
  lines(lines: string): string {
    const own = `${this.#via}${lines}`;
    if (!this.lasts) return `${own}Connection: close\r\n`;
    return this.#minor === 0 ? `${own}Connection: keep-alive\r\n` : own;
  }

  get #via(): string {
    return this.#context.settings.via ? viaLine : "";
  }
}
