import type { RequestHead } from "../../../../src/http1/index.ts";
import { newAccessLogEntry } from "../../telemetry/access-log-entry.ts";
import type { Downstream, RequestDispatcher, RequestError, RequestHandler } from "../contract.ts";
import type { ExchangeContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { RequestKeySource } from "./key-source.ts";
import { bodyLength, type LocalReplyReason, localReply, replyId, statusOf } from "./local-reply.ts";
import { ownResponse } from "./own-response.ts";

/** Answers a request here, or starts an exchange for it. */
export class ExchangeDispatcher implements RequestDispatcher {
  readonly #context: ExchangeContext;

  constructor(context: ExchangeContext) {
    this.#context = context;
  }

  startRequest(head: RequestHead, downstream: Downstream): RequestHandler | null {
    const own = ownResponse(head, this.#context);
    if (own === null) return new Exchange(this.#context, downstream, head).start();
    this.#context.requestDone(0, own.reason === null ? null : own.status);
    this.#log(own.status, own.reason, own.text, downstream, head);
    downstream.output.add(own.text);
    downstream.responseDone(own.keepAlive);
    return null;
  }

  rejectUnread(error: RequestError, downstream: Downstream): void {
    const reply = localReply(error, "Connection: close\r\n");
    this.#context.requestDone(0, statusOf(error));
    this.#log(statusOf(error), error, reply, downstream, null);
    downstream.output.add(reply);
    downstream.responseDone(false);
  }

  /** Logs a local reply, to a request that was read or could not be. */
  #log(
    status: number,
    reason: LocalReplyReason | null,
    reply: string,
    { peer }: Downstream,
    head: RequestHead | null,
  ): void {
    const { accessLog, trust } = this.#context;
    if (accessLog === null) return;
    const address = head === null ? peer.address : new RequestKeySource(head, peer, trust).clientAddress;
    const entry = newAccessLogEntry(address, head?.method ?? null, head?.path ?? null, null);
    accessLog.add({ ...entry, status, reason, responseBytes: bodyLength(reply), id: replyId(reply) });
  }
}
