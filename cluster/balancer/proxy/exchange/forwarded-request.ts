import { type BodyReader, Framing, type RequestHead, requestFraming } from "../../../../src/http1/index.ts";
import type { Downstream, RequestError, RequestHandler, RequestStream, UpstreamRequest } from "../contract.ts";
import { wantsUpgrade } from "../headers/request-fields.ts";
import { addRun } from "../io/body-run.ts";
import type { ExchangeContext } from "./context.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import type { ResponseWriter } from "./response-writer.ts";

/** Methods that ask for nothing to be changed (RFC 9110, 9.2.1). TRACE goes no further than the balancer. */
const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether sending a request twice has the effect of sending it once (RFC 9110, 9.2.2). */
const isIdempotent = (method: string): boolean => safe.has(method) || method === "PUT" || method === "DELETE";

/** What a request tells its exchange. */
export interface RequestOwner {
  /** A run of the body has been sent, or could not be, because nobody takes it. */
  bodyTaken(bytes: number): void;
  /** All that has arrived of the body has been written. */
  bodyFlushed(): void;
  reject(error: RequestError): void;
  cancel(): void;
}

/** A request on its way from its client to a server: head, body, and what is kept of both to be sent again. */
export class ForwardedRequest implements RequestHandler, UpstreamRequest {
  readonly method: string;
  readonly isLast: boolean;
  readonly isUpgrade: boolean;
  readonly isPipelinable: boolean;
  isOver = false;
  /** The connection that takes it; null while there is none. */
  stream: RequestStream | null = null;
  readonly #owner: RequestOwner;
  readonly #downstream: Downstream;
  readonly #head: string;
  readonly #isIdempotent: boolean;
  /** Null where there is no body. */
  readonly #replay: ReplayBuffer | null;

  /** Takes all that it needs of `head` at once: its reader goes on to the next request. */
  constructor(
    owner: RequestOwner,
    context: ExchangeContext,
    downstream: Downstream,
    head: RequestHead,
    { isExpecting }: ResponseWriter,
  ) {
    const framing = requestFraming(head);
    const hasBody = framing !== Framing.none;
    const { method } = head;
    this.#owner = owner;
    this.#downstream = downstream;
    this.method = method;
    this.isLast = !head.keepAlive;
    this.isUpgrade = wantsUpgrade(head, framing);
    // What stands behind an upgrade would go into its tunnel, and some servers send a body behind the response to HEAD.
    this.isPipelinable = safe.has(method) && method !== "HEAD" && !hasBody && !this.isUpgrade && !isExpecting;
    this.#isIdempotent = isIdempotent(method);
    this.#replay = hasBody ? new ReplayBuffer(context.settings.retryBodyBytes) : null;
    this.#head = downstream.peer.fields.write(head, framing, this.isUpgrade);
  }

  get opening(): string {
    return this.#head + (this.#replay?.text ?? "");
  }

  get isWhole(): boolean {
    return this.#downstream.isRequestWhole;
  }

  get isReplayable(): boolean {
    return this.mayRepeat(true);
  }

  /** Whether it can be sent again, and that does no harm; `wasSent`: some of it may have reached a server. */
  mayRepeat(wasSent: boolean): boolean {
    return (this.#isIdempotent || !wasSent) && this.#replay?.text !== null;
  }

  /** It is not sent again: what was kept of it is forgotten. */
  dropReplay(): void {
    this.#replay?.drop();
  }

  get takesBody(): boolean {
    return this.stream !== null;
  }

  sendBody(bytes: Buffer, body: BodyReader): boolean {
    if (this.#replay !== null) addRun(this.#replay, bytes, body);
    this.#owner.bodyTaken(body.dataEnd - body.dataStart);
    return this.stream?.sendBody(bytes, body) !== false;
  }

  flushBody(): void {
    if (this.stream === null) return;
    this.stream.flush();
    this.#owner.bodyFlushed();
  }

  resumeResponse(): void {
    this.stream?.resume();
  }

  reject(error: RequestError): void {
    this.#owner.reject(error);
  }

  cancel(): void {
    this.#owner.cancel();
  }
}
