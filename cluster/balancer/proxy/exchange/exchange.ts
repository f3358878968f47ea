import { performance } from "node:perf_hooks";
import type { RequestHead } from "../../../../src/http1/index.ts";
import { countResponse, type Host } from "../../cluster/host.ts";
import { type AccessLogEntry, newAccessLogEntry } from "../../telemetry/access-log-entry.ts";
import type { AttemptFailure, DetachedStream, Downstream, RequestError, RequestHandler } from "../contract.ts";
import { Attempts } from "./attempts.ts";
import type { ExchangeContext } from "./context.ts";
import { ForwardedRequest, type RequestOwner } from "./forwarded-request.ts";
import { RequestKeySource } from "./key-source.ts";
import { bodyLength, type LocalReplyReason, localReply, replyId, replyTo, statusOf } from "./local-reply.ts";
import { type RelayOwner, ResponseRelay } from "./response-relay.ts";
import { ResponseWriter } from "./response-writer.ts";
import { Tunnel } from "./tunnel.ts";

/** How far the response has come. */
type Progress = "none" | "begun" | "whole";

/** A request on its way through the balancer: one or more attempts at servers, one response. */
export class Exchange implements RequestOwner, RelayOwner {
  readonly #context: ExchangeContext;
  readonly #downstream: Downstream;
  readonly #request: ForwardedRequest;
  readonly #writer: ResponseWriter;
  readonly #relay: ResponseRelay;
  readonly #attempts: Attempts;
  readonly #key: string;
  readonly #began = performance.now();
  /** What the access log is to tell; null where there is none. */
  readonly #entry: AccessLogEntry | null;
  /** The key is a request id, which the response carries. */
  readonly ownsRequestId: boolean;
  #response: Progress = "none";

  /** Takes all that it needs of `head` at once: its reader goes on to the next request. */
  constructor(context: ExchangeContext, downstream: Downstream, head: RequestHead) {
    const { snapshot } = context.cluster;
    this.#context = context;
    this.#downstream = downstream;
    this.#writer = new ResponseWriter(context, downstream, head);
    this.#request = new ForwardedRequest(this, context, downstream, head, this.#writer);
    this.#relay = new ResponseRelay(this, this.#request, this.#writer, downstream);
    const source = new RequestKeySource(head, downstream.peer, context.trust);
    this.#key = snapshot.readKey(source);
    this.ownsRequestId = snapshot.key.kind === "request-id";
    this.#entry =
      context.accessLog &&
      newAccessLogEntry(source.clientAddress, head.method, source.target, snapshot.tellKey(this.#key));
    this.#attempts = new Attempts(context, this.#key, this.#began);
  }

  /** Begins the first attempt. Returns null when a local reply has ended the request already. */
  start(): RequestHandler | null {
    this.#attempt();
    return this.#request.isOver ? null : this.#request;
  }

  /** Gives the request to the next server that will have it. */
  #attempt(): void {
    const host = this.#attempts.begin();
    if (typeof host === "string") this.#reply(host);
    else {
      if (this.#entry !== null) this.#entry.server = host.name;
      this.#send(host, "any");
    }
  }

  #send(host: Host, connection: "any" | "new"): void {
    this.#context.upstream.dispatch(host, this.#relay, connection);
  }

  isWanted(status: number): boolean {
    return !(this.#request.isReplayable && this.#attempts.isRetriedOn(status));
  }

  retryElsewhere(): void {
    this.#request.stream = null;
    this.#attempts.abandon();
    this.#attempt();
  }

  responseStarted(status: number): string {
    const { host } = this.#attempts;
    if (host !== null) countResponse(host, status);
    this.#response = "begun";
    this.#request.dropReplay();
    if (this.#entry !== null) {
      this.#entry.status = status;
      this.#entry.firstByteMs = performance.now() - this.#began;
    }
    return this.#ownLines();
  }

  bodyTaken(bytes: number): void {
    if (this.#entry !== null) this.#entry.requestBytes += bytes;
  }

  bodyRelayed(bytes: number): void {
    if (this.#entry !== null) this.#entry.responseBytes += bytes;
  }

  responseEnded(takesBody: boolean): void {
    this.#response = "whole";
    this.#attempts.succeed();
    if (takesBody) return;
    this.#request.stream = null;
    // A client whose body the server does not read on learns it by the end of its connection.
    this.#end(null, this.#request.isWhole);
  }

  bodyFlushed(): void {
    if (this.#response !== "whole" || !this.#request.isWhole) return;
    this.#request.stream = null;
    this.#end(null);
  }

  attemptFailed(failure: AttemptFailure): void {
    this.#request.stream = null;
    if (this.#response === "whole") {
      // The server ended after its response, before it had the whole body.
      this.#end(null, false);
      return;
    }
    this.#attempts.recordFailure(failure);
    if (this.#response === "begun") {
      this.#abort();
      return;
    }
    const host = this.#attempts.host as Host;
    const next = this.#attempts.next(failure, this.#request.mayRepeat(failure.wasSent));
    if (next === "here") this.#send(host, "new");
    else if (next === "elsewhere") this.#attempt();
    else this.#reply(next);
  }

  /** The response broke off in the middle: the client must not take it for whole. */
  #abort(): void {
    this.#endAttempt();
    this.#log(null, "broken-off");
    this.#downstream.abort();
  }

  openTunnel(server: DetachedStream): void {
    const tunnel = new Tunnel(this.#context, (fromClient, fromServer) => {
      if (this.#entry !== null) {
        this.#entry.requestBytes = fromClient;
        this.#entry.responseBytes = fromServer;
      }
      this.#endAttempt();
      // Either side may end it.
      this.#log(null, null);
    });
    this.#request.stream = null;
    tunnel.open(this.#downstream.detach(tunnel), server);
  }

  reject(error: RequestError): void {
    if (this.#response === "none") this.#reply(error, false);
    else if (this.#response === "whole") this.#end(error, false);
    else this.#abort();
  }

  /** Answers in the balancer's own name. */
  #reply(reason: LocalReplyReason, keepAlive = true): void {
    const lines = keepAlive ? this.#writer.lines(this.#ownLines()) : "Connection: close\r\n";
    const reply = replyTo(this.#request.method, localReply(reason, lines));
    if (this.#entry !== null) {
      this.#entry.responseBytes = bodyLength(reply);
      this.#entry.id = replyId(reply);
    }
    this.#downstream.output.add(reply);
    this.#end(reason, keepAlive, statusOf(reason));
  }

  cancel(): void {
    if (this.#request.isOver) return;
    this.#endAttempt();
    this.#log(null, "client-left");
  }

  /** Ends the attempt that is under way, if any: nobody waits for it. */
  #endAttempt(): void {
    const { stream } = this.#request;
    this.#request.isOver = true;
    this.#request.stream = null;
    this.#attempts.end();
    stream?.cancel(this.#relay);
  }

  /** Field lines that say how the response came about. */
  #ownLines(): string {
    const { count } = this.#attempts;
    const attempts = count > 1 ? `X-Lbctl-Attempts: ${count}\r\n` : "";
    return this.ownsRequestId ? `${attempts}X-Request-Id: ${this.#key}\r\n` : attempts;
  }

  /** The response has been passed on whole, or was given here with `localStatus`. */
  #end(reason: LocalReplyReason | null, keepAlive = true, localStatus: number | null = null): void {
    const keeps = keepAlive && this.#writer.keepAlive;
    this.#endAttempt();
    this.#log(localStatus, reason);
    this.#downstream.responseDone(keeps);
  }

  /** Counts and logs the request; `reason` says why it did not go as it should. */
  #log(localStatus: number | null, reason: string | null): void {
    const durationMs = performance.now() - this.#began;
    this.#context.requestDone(durationMs / 1_000, localStatus);
    const entry = this.#entry;
    if (entry === null) return;
    if (localStatus !== null) entry.status = localStatus;
    entry.attempts = this.#attempts.count;
    entry.durationMs = durationMs;
    entry.reason = reason;
    this.#context.accessLog?.add(entry);
  }
}
