/**
 * The seams of the proxy, types alone. A downstream connection hands a request to a `RequestDispatcher` and never knows a server.
 * An exchange hands it to an `UpstreamDispatcher`, and hears of the response as a `ResponseHandler`; the upstream side never knows
 * an exchange or a client.
 */
import type { BodyReader, Framing, RequestHead, ResponseHead } from "../../../src/http1/index.ts";
import type { Host } from "../cluster/host.ts";
import type { RequestFields, RequestOrigin } from "./headers/request-fields.ts";
import type { Output } from "./io/output.ts";
import type { ByteStream } from "./io/stream.ts";

/** The time of the last sweep, in milliseconds of `performance.now()`: late by one sweep at most, and free. */
export interface Clock {
  now: number;
}

// ---- downstream → exchange

/** What the balancer knows of the other end of a client's connection. */
export interface Peer extends RequestOrigin {
  readonly fields: RequestFields;
}

/** Why a request without a response ends: the reasons of local replies that a downstream connection finds. */
export type RequestError =
  | "bad-request"
  | "method-not-allowed"
  | "request-timeout"
  | "body-too-large"
  | "target-too-long"
  | "head-too-large"
  | "not-implemented"
  | "too-many-connections"
  | "version-not-supported";

/** Takes the requests of a client's connection, one at a time. */
export interface RequestDispatcher {
  /**
   * Takes a request; all that is needed of `head` is read before it returns. Returns null when it has ended already, by
   * a local reply.
   */
  startRequest(head: RequestHead, downstream: Downstream): RequestHandler | null;
  /** Answers what could not be read as a request. The connection is closed after it. */
  rejectUnread(error: RequestError, downstream: Downstream): void;
}

/** A request under way, as the client's connection knows it. */
export interface RequestHandler {
  /** No other request follows it on the connection. */
  readonly isLast: boolean;
  /** It asks for another protocol: what stands behind it belongs to that. */
  readonly isUpgrade: boolean;
  /** A server takes its body now. */
  readonly takesBody: boolean;
  /** Sends the run of the body that `body` has just found in `bytes`. Returns false when the server should be waited for. */
  sendBody(bytes: Buffer, body: BodyReader): boolean;
  /** All of the body that has arrived has been sent: it goes out. */
  flushBody(): void;
  /** The client takes more of the response. */
  resumeResponse(): void;
  /** The request is not what it should be: it gets a local reply unless a response has begun. The connection ends. */
  reject(error: RequestError): void;
  /** The client has gone. */
  cancel(): void;
}

/** A client's connection, as the exchange knows it. */
export interface Downstream {
  readonly peer: Peer;
  readonly output: Output;
  /** The body of the present request has arrived whole. */
  readonly isRequestWhole: boolean;
  /** A server is there to take the body: what is held of it is sent, unless it is being read now. */
  resumeBody(): void;
  /** The server takes more of the body. */
  resumeReading(): void;
  /** The response has been added to `output` whole; the connection ends with it unless `keepAlive`. */
  responseDone(keepAlive: boolean): void;
  /** Resets the connection, so that what the client has of the response cannot pass for whole. */
  abort(): void;
  /** Gives the connection away: it belongs to a tunnel from here on. */
  detach(tunnel: StreamOwner): DetachedStream;
}

/** What a client's stream belongs to when no more requests are read from it. */
export interface StreamOwner {
  /** It has something under way that should not be cut. */
  readonly isBusy: boolean;
  /** Called now and then: ends what takes too long. */
  sweep(now: number): void;
  /** Ends the stream. */
  destroy(): void;
}

/** A stream that its connection has given away. */
export interface DetachedStream {
  readonly stream: ByteStream;
  /** What had arrived on it and was not used. */
  readonly rest: Buffer | null;
  /** The peer has shut its sending side. */
  readonly isEnded: boolean;
  /** Call it when the stream has been destroyed: ends its account. */
  release(): void;
}

// ---- exchange → upstream

/** Gives requests to servers. */
export interface UpstreamDispatcher {
  /** `connection`: `"new"` for one that was not used before, and that nothing else is sent on meanwhile. */
  dispatch(host: Host, handler: ResponseHandler, connection: "any" | "new"): void;
}

/** What a server is to be sent. */
export interface UpstreamRequest {
  readonly method: string;
  /** It may be sent on a connection behind others whose responses are not complete. */
  readonly isPipelinable: boolean;
  /** It may be sent twice: all that has been sent of it is still here, and twice has the effect of once. */
  readonly isReplayable: boolean;
  /** Its body has arrived whole. */
  readonly isWhole: boolean;
  /** Nobody waits for its response any more. */
  readonly isOver: boolean;
  /** The head, and what has been sent of the body to another server. */
  readonly opening: string;
}

/** A connection to a server that has a request, as the exchange knows it. */
export interface RequestStream {
  /** Sends the run of the body that `body` has just found in `bytes`. Returns false when the server should be waited for. */
  sendBody(bytes: Buffer, body: BodyReader): boolean;
  /** Writes what has been added. */
  flush(): void;
  /** The client takes more of the response. */
  resume(): void;
  /** Nobody waits for the response of `handler`. */
  cancel(handler: ResponseHandler): void;
}

/** Why an attempt at a server failed. */
export type FailureReason =
  /** No connection came free, or too many requests wait for one. */
  | "overflow"
  /** This process or machine has run out of descriptors, memory or ports. */
  | "local"
  | "unreachable"
  | "connect-timeout"
  | "response-timeout"
  /** The connection broke, or ended before the response was whole. */
  | "broken"
  /** What the server sent is no HTTP response. */
  | "bad-response"
  /** The server closed a connection that was used before, and sent no byte of this response. */
  | "stale"
  /** The server kept it waiting behind another request on the same connection. */
  | "blocked"
  /** Its checks, or outlier detection, took the server out. */
  | "host-down";

export interface AttemptFailure {
  readonly reason: FailureReason;
  /** A system code (`ECONNREFUSED`), or `EOF`, `TIMEOUT`, `EPROTO`, `FULL`, `DOWN`. */
  readonly code: string;
  /** Some of the request may have reached the server. */
  readonly wasSent: boolean;
}

/** Hears what becomes of a request at a server. After `onResponseEnd`, `onResponseError` or `onUpgrade`, it hears no more. */
export interface ResponseHandler {
  readonly request: UpstreamRequest;
  /** A connection sends the opening. The body may follow; when there is one, whoever sends it flushes. */
  onRequestStart(stream: RequestStream): void;
  /** The server takes more of the body. */
  onRequestDrain(): void;
  /** An informational response (RFC 9110, 15.2), other than 101. */
  onInformational(head: ResponseHead): void;
  /** A 101 that was asked for: the stream belongs to the handler. */
  onUpgrade(head: ResponseHead, server: DetachedStream): void;
  /** Whether a 101 was asked for. */
  acceptsUpgrade(head: ResponseHead): boolean;
  /**
   * The head of the response, whose body ends as `framing` says; `keepAlive`: the server reads on. Returns false when the
   * response is not wanted: then `onResponseDropped` follows in place of its rest.
   */
  onResponseStart(head: ResponseHead, framing: Framing, keepAlive: boolean): boolean;
  /** The connection is free of the response that was not wanted. */
  onResponseDropped(): void;
  /** A run of the response's body, in a buffer that is read into again. */
  onResponseData(bytes: Buffer, from: number, to: number): void;
  /** The response is whole; `takesBody`: the server still takes the rest of the request's body. */
  onResponseEnd(trailers: string, takesBody: boolean): void;
  /** What has come of the response goes out. Returns false when the client should be waited for. */
  onReadComplete(): boolean;
  onResponseError(failure: AttemptFailure): void;
}
