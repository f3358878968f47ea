/** Local replies: the responses that no server gives. */
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";

/** By their reasons. The messages name no address: clients are not to learn the inside. */
const replies = {
  "bad-request": { status: 400, message: "The request could not be read as HTTP/1.1." },
  "method-not-allowed": { status: 405, message: "The balancer does not take this method here." },
  "request-timeout": { status: 408, message: "The request took too long to arrive." },
  "body-too-large": { status: 413, message: "The request's body is too large." },
  "target-too-long": { status: 414, message: "The request's target is too long." },
  "expectation-failed": { status: 417, message: "The balancer meets no expectation but 100-continue." },
  "head-too-large": { status: 431, message: "The request's header fields are too large." },
  "policy-failed": { status: 500, message: "The balancer's policy failed to choose a server: see the balancer's log." },
  "not-implemented": { status: 501, message: "The balancer does not know what the request asks of it." },
  "server-failed": { status: 502, message: "The server broke off before its response, or sent what is not HTTP." },
  unreachable: { status: 502, message: "No server could be reached." },
  "no-server": { status: 503, message: "No server is available: try again shortly." },
  overloaded: { status: 503, message: "The balancer has too much to do: try again shortly." },
  "too-many-connections": { status: 503, message: "There are too many connections: try again shortly." },
  "retry-budget": { status: 503, message: "Too many requests are being made again: try again shortly." },
  "connect-timeout": { status: 504, message: "No server could be reached in time." },
  "answer-timeout": { status: 504, message: "The server did not respond in time." },
  "version-not-supported": { status: 505, message: "The balancer speaks HTTP/1.1 and HTTP/1.0 alone." },
} as const satisfies Record<string, { status: number; message: string }>;

export type LocalReplyReason = keyof typeof replies;

export const statusOf = (reason: LocalReplyReason): number => replies[reason].status;

/** The methods that are taken. */
export const allowed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/**
 * Returns the local reply for `reason`, head and body: JSON with the reason, an id to ask about, and a sentence. `lines` are
 * field lines, each with its CRLF.
 */
export function localReply(reason: LocalReplyReason, lines: string): string {
  const { status, message } = replies[reason];
  const body = JSON.stringify({ error: { reason, id: randomUUID(), message } });
  // RFC 9110, 10.2.3: in seconds. After a check's interval things may look better.
  const more = status === 503 ? "Retry-After: 2\r\n" : status === 405 ? `Allow: ${allowed}\r\n` : "";
  return jsonReply(status, body, more + lines);
}

/** Returns a whole reply; `body` is ASCII. */
export const jsonReply = (status: number, body: string, lines: string): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${lines}\r\n${body}`;

/** Returns the id that a reply tells; null for none. */
export const replyId = (reply: string): string | null => /"id":"([0-9a-f-]{36})"/.exec(reply)?.[1] ?? null;

const bodyStart = (reply: string): number => reply.indexOf("\r\n\r\n") + 4;

/** Returns the length of a reply's body. */
export const bodyLength = (reply: string): number => reply.length - bodyStart(reply);

/** Returns the reply to a request with `method`: to HEAD, without its body. */
export const replyTo = (method: string, reply: string): string =>
  method === "HEAD" ? reply.slice(0, bodyStart(reply)) : reply;
