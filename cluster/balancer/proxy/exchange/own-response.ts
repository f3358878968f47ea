/** The balancer's own responses: its health, and requests that go no further (RFC 9110, 7.6.2). */
import { Field, type RequestHead } from "../../../../src/http1/index.ts";
import { stateOf } from "../../cluster/host.ts";
import { hasField } from "../headers/hop-by-hop.ts";
import { connectionLine } from "../headers/keep-alive.ts";
import type { ExchangeContext } from "./context.ts";
import { allowed, jsonReply, type LocalReplyReason, localReply, replyTo, statusOf } from "./local-reply.ts";

export interface OwnResponse {
  /** Head and body. */
  readonly text: string;
  readonly status: number;
  /** Null for a response that was asked for. */
  readonly reason: LocalReplyReason | null;
  /** Whether the client's connection is kept open. */
  readonly keepAlive: boolean;
}

/** Returns the response to what is for the balancer itself, or what it does not take; null for what is for a server. */
export function ownResponse(head: RequestHead, context: ExchangeContext): OwnResponse | null {
  const { method, path, fields, minor, text } = head;
  const expect = minor === 1 && hasField(fields, Field.expect) ? fields.find("expect", text) : undefined;
  if (isLarge(head, context)) return rejected("body-too-large", head, context);
  if (method === "TRACE") return rejected("method-not-allowed", head, context);
  if (expect !== undefined && expect.toLowerCase() !== "100-continue")
    return rejected("expectation-failed", head, context);
  if (method === "OPTIONS" && hasField(fields, Field.maxForwards)) return options(head, context);
  return path === "/health" || path.startsWith("/health?") ? health(head, context) : null;
}

const answered = (
  head: RequestHead,
  context: ExchangeContext,
  status: number,
  reason: LocalReplyReason | null,
  write: (lines: string) => string,
): OwnResponse => {
  const keepAlive = keepsAlive(head, context);
  return { text: replyTo(head.method, write(connectionLine(keepAlive, head.minor))), status, reason, keepAlive };
};

const rejected = (reason: LocalReplyReason, head: RequestHead, context: ExchangeContext): OwnResponse =>
  answered(head, context, statusOf(reason), reason, (lines) => localReply(reason, lines));

/** `OPTIONS` whose `Max-Forwards` ends here (RFC 9110, 7.6.2). */
function options(head: RequestHead, context: ExchangeContext): OwnResponse | null {
  const left = head.fields.find("max-forwards", head.text) ?? "";
  if (!/^\d{1,9}$/.test(left)) return rejected("bad-request", head, context);
  if (Number(left) > 0) return null;
  return answered(head, context, 200, null, (lines) => jsonReply(200, "", `Allow: ${allowed}\r\n${lines}`));
}

/** The balancer's own health: 200, or 503 when there is no server to give a request to. */
function health(head: RequestHead, context: ExchangeContext): OwnResponse {
  if (head.method !== "GET" && head.method !== "HEAD") return rejected("method-not-allowed", head, context);
  const servers = context.cluster.snapshot.hosts.map((host) => ({ name: host.name, state: stateOf(host) }));
  const isHealthy = servers.some(({ state }) => state === "up");
  const body = JSON.stringify({ status: isHealthy ? "ok" : "no server available", servers });
  const status = isHealthy ? 200 : 503;
  return answered(head, context, status, null, (lines) => jsonReply(status, body, lines));
}

/** Whether a body is longer than it may be, as far as its head tells. */
const isLarge = ({ fields }: RequestHead, { settings: { maxBodyBytes } }: ExchangeContext): boolean =>
  maxBodyBytes > 0 && fields.contentLength > maxBodyBytes;

/** A client that waits with its body may leave it out after a response other than 100: what would follow? */
const keepsAlive = (head: RequestHead, context: ExchangeContext): boolean =>
  head.keepAlive && !context.isClosing && !hasField(head.fields, Field.expect) && !isLarge(head, context);
