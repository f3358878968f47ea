import { Field, type Framing, type ResponseHead } from "../../../../src/http1/index.ts";
import type { AttemptFailure, DetachedStream, Downstream, RequestStream, ResponseHandler } from "../contract.ts";
import { hasField } from "../headers/hop-by-hop.ts";
import type { ForwardedRequest } from "./forwarded-request.ts";
import type { ResponseWriter } from "./response-writer.ts";

/** What an exchange decides at the events of a response. */
export interface RelayOwner {
  /** A response with `status` is there: returns false when another server is to be asked for a better one. */
  isWanted(status: number): boolean;
  /** The response that was not wanted is gone. */
  retryElsewhere(): void;
  /** The head of the response is passed on. Returns the field lines that say how it came about. */
  responseStarted(status: number): string;
  /** `X-Request-Id` is the balancer's to tell. */
  readonly ownsRequestId: boolean;
  bodyRelayed(bytes: number): void;
  /** The response has been passed on whole; `takesBody`: the server still takes the rest of the request. */
  responseEnded(takesBody: boolean): void;
  attemptFailed(failure: AttemptFailure): void;
  openTunnel(server: DetachedStream): void;
}

/** Passes the response to a request on to its client as it arrives, whichever attempt it comes from. */
export class ResponseRelay implements ResponseHandler {
  readonly request: ForwardedRequest;
  readonly #owner: RelayOwner;
  readonly #writer: ResponseWriter;
  readonly #downstream: Downstream;

  constructor(owner: RelayOwner, request: ForwardedRequest, writer: ResponseWriter, downstream: Downstream) {
    this.#owner = owner;
    this.request = request;
    this.#writer = writer;
    this.#downstream = downstream;
  }

  onRequestStart(stream: RequestStream): void {
    this.request.stream = stream;
    if (!this.request.isWhole) this.#downstream.resumeBody();
  }

  onRequestDrain(): void {
    if (!this.request.isOver) this.#downstream.resumeReading();
  }

  onInformational(head: ResponseHead): void {
    if (!this.request.isOver) this.#writer.informational(head);
  }

  acceptsUpgrade({ fields }: ResponseHead): boolean {
    return this.request.isUpgrade && !this.request.isOver && hasField(fields, Field.upgrade);
  }

  onUpgrade(head: ResponseHead, server: DetachedStream): void {
    this.#owner.responseStarted(head.status);
    this.#writer.upgrade(head);
    this.#owner.openTunnel(server);
  }

  onResponseStart(head: ResponseHead, framing: Framing, keepAlive: boolean): boolean {
    if (this.request.isOver) return true;
    if (!this.#owner.isWanted(head.status)) return false;
    const lines = this.#owner.responseStarted(head.status);
    this.#writer.begin(head, framing, keepAlive, lines, this.#owner.ownsRequestId);
    return true;
  }

  onResponseDropped(): void {
    this.#owner.retryElsewhere();
  }

  onResponseData(bytes: Buffer, from: number, to: number): void {
    if (this.request.isOver) return;
    this.#owner.bodyRelayed(to - from);
    this.#writer.data(bytes, from, to);
  }

  onResponseEnd(trailers: string, takesBody: boolean): void {
    if (this.request.isOver) return;
    this.#writer.end(trailers);
    this.#owner.responseEnded(takesBody);
  }

  onReadComplete(): boolean {
    return this.request.isOver || this.#downstream.output.flush();
  }

  onResponseError(failure: AttemptFailure): void {
    if (!this.request.isOver) this.#owner.attemptFailed(failure);
  }
}
