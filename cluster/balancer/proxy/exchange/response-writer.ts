import { chunkHead, Field, Framing, type RequestHead, type ResponseHead } from "../../../../src/http1/index.ts";
import type { Downstream } from "../contract.ts";
import { hasField } from "../headers/hop-by-hop.ts";
import { connectionLine, keepsAlive } from "../headers/keep-alive.ts";
import { framingForClient, responseHead, upgradeHead } from "../headers/response-fields.ts";
import type { ExchangeContext } from "./context.ts";

const VIA_LINE = "Via: 1.1 lbctl\r\n";

/** Writes the response to one request for its client, in the client's version of HTTP. */
export class ResponseWriter {
  /** The client waits with its body for a 100. */
  readonly isExpecting: boolean;
  /** The client asked for the end of its connection. */
  readonly isLast: boolean;
  readonly #context: ExchangeContext;
  readonly #downstream: Downstream;
  /** Of the client's version of HTTP. */
  readonly #minor: number;
  /** The client got a 100 (Continue). */
  #isContinued = false;
  /** The server stopped reading the body before it was whole. */
  #isBodyCut = false;
  /** How the body goes to the client. */
  #framing: Framing = Framing.none;

  /** Takes all that it needs of `head` at once. */
  constructor(context: ExchangeContext, downstream: Downstream, head: RequestHead) {
    this.#context = context;
    this.#downstream = downstream;
    this.#minor = head.minor;
    this.isLast = !head.keepAlive;
    this.isExpecting = head.minor === 1 && hasField(head.fields, Field.expect);
  }

  /** Whether the client's connection is kept open after this response. */
  get keepAlive(): boolean {
    return keepsAlive({
      isAsked: !this.isLast,
      isClosing: this.#context.isClosing,
      isEndedByClose: this.#framing === Framing.close,
      isBodyUnsure: this.isExpecting && !this.#isContinued && !this.#downstream.isRequestWhole,
      isBodyCut: this.#isBodyCut && !this.#downstream.isRequestWhole,
    });
  }

  /** An informational response (RFC 9110, 15.2); clients of HTTP/1.0 know none. */
  informational(head: ResponseHead): void {
    if (this.#minor === 0) return;
    if (head.status === 100) this.#isContinued = true;
    this.#downstream.output.add(responseHead(head, Framing.none, "", false));
  }

  upgrade(head: ResponseHead): void {
    this.#downstream.output.add(upgradeHead(head, this.#via));
  }

  /**
   * The head of the response, whose body ends as `framing` says, with field `lines` of our own. `serverReads`: the server reads
   * the rest of the request. `hidesId`: the server's `X-Request-Id` is left out.
   */
  begin(head: ResponseHead, framing: Framing, serverReads: boolean, lines: string, hidesId: boolean): void {
    this.#framing = framingForClient(framing, this.#minor);
    this.#isBodyCut = !serverReads;
    const chunked = this.#framing === Framing.chunked ? "Transfer-Encoding: chunked\r\n" : "";
    this.#downstream.output.add(responseHead(head, this.#framing, chunked + this.lines(lines), hidesId));
  }

  /** A run of the body, in a buffer that is read into again. */
  data(bytes: Buffer, from: number, to: number): void {
    const { output } = this.#downstream;
    const isChunked = this.#framing === Framing.chunked;
    if (isChunked) output.add(chunkHead(to - from));
    output.addData(bytes, from, to);
    if (isChunked) output.add("\r\n");
  }

  /** The body is whole. */
  end(trailers: string): void {
    if (this.#framing === Framing.chunked) this.#downstream.output.add(`0\r\n${trailers}\r\n`);
  }

  /** Returns `lines` for the head of a response, with those that say who passes it on and whether the connection is kept. */
  lines(lines: string): string {
    return `${this.#via}${lines}${connectionLine(this.keepAlive, this.#minor)}`;
  }

  get #via(): string {
    return this.#context.settings.via ? VIA_LINE : "";
  }
}
