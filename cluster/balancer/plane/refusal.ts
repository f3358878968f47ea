import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";

/** Why the balancer answers by itself. The messages name no address: clients are not to learn the inside. */
const refusals = {
  "bad-request": { status: 400, message: "The request could not be read as HTTP/1.1." },
  "request-timeout": { status: 408, message: "The request took too long to arrive." },
  "method-not-allowed": { status: 405, message: "The balancer does not take this method here." },
  "head-too-large": { status: 431, message: "The request's header fields are too large." },
  "policy-failed": { status: 500, message: "The balancer's policy failed to choose a server: see the balancer's log." },
  "server-failed": { status: 502, message: "The server broke off before it answered, or answered what is not HTTP." },
  unreachable: { status: 502, message: "No server could be reached." },
  "no-server": { status: 503, message: "No server is available: try again shortly." },
  overloaded: { status: 503, message: "The balancer has too much to do: try again shortly." },
  "connect-timeout": { status: 504, message: "No server could be reached in time." },
  "answer-timeout": { status: 504, message: "The server did not answer in time." },
} as const satisfies Record<string, { status: number; message: string }>;

export type Refusal = keyof typeof refusals;

export interface RefusalAnswer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
}

/** The answer for a refusal: JSON with its reason, an id to ask about, and a sentence. */
export function refusalAnswer(reason: Refusal): RefusalAnswer {
  const { status, message } = refusals[reason];
  const body = JSON.stringify({ error: { reason, id: randomUUID(), message } });
  const fields = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
  // RFC 9110, 10.2.3: seconds. A check's interval from now things may look better.
  if (status === 503) fields.push("Retry-After", "2");
  if (status === 405) fields.push("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  return { status, fields, body };
}

const ofParser: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: "head-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** What to answer to something that could not be read, by the parser's error code. */
export const refusalOfParseError = (code: string | undefined): Refusal => ofParser[code ?? ""] ?? "bad-request";

/** A whole answer as text for the wire; the connection closes after it. */
export function refusalOnWire(reason: Refusal): string {
  const { status, fields, body } = refusalAnswer(reason);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`);
  return `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n${body}`;
}
