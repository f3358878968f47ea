/** What the balancer answers itself. */
import { Field, type RequestHead } from "../../../src/http1/index.ts";
import { stateOf } from "../cluster/host.ts";
import type { PlaneContext } from "./context.ts";
import { allowed, jsonAnswer, type Refusal, refusalAnswer, statusOf } from "./refusal.ts";

export interface OwnAnswer {
  readonly answer: string;
  readonly status: number;
  /** Null for an answer that was asked for. */
  readonly refusal: Refusal | null;
  /** Whether the client's connection lasts. */
  readonly lasts: boolean;
}

/** The answer to what is for the balancer itself, or what it does not take; null for what is for a server. */
export function ownAnswer(head: RequestHead, context: PlaneContext): OwnAnswer | null {
  const { method, path, fields, minor, text } = head;
  const expect = minor === 1 ? fields.find("expect", text) : undefined;
  if (isLarge(head, context)) return refusal("body-too-large", head, context);
  if (method === "TRACE") return refusal("method-not-allowed", head, context);
  if (expect !== undefined && expect.toLowerCase() !== "100-continue")
    return refusal("expectation-failed", head, context);
  if (method === "OPTIONS" && (fields.present & (1 << Field.maxForwards)) !== 0) return options(head, context);
  return path === "/health" || path.startsWith("/health?") ? health(head, context) : null;
}

function refusal(reason: Refusal, head: RequestHead, context: PlaneContext): OwnAnswer {
  const answer = refusalAnswer(reason, lastLine(head, context));
  return { answer: withoutBody(head, answer), status: statusOf(reason), refusal: reason, lasts: lasts(head, context) };
}

/** `OPTIONS` whose `Max-Forwards` ends here (RFC 9110, 7.6.2). */
function options(head: RequestHead, context: PlaneContext): OwnAnswer | null {
  const left = head.fields.find("max-forwards", head.text) ?? "";
  if (!/^\d{1,9}$/.test(left)) return refusal("bad-request", head, context);
  if (Number(left) > 0) return null;
  const answer = jsonAnswer(200, "", `Allow: ${allowed}\r\n${lastLine(head, context)}`);
  return { answer, status: 200, refusal: null, lasts: lasts(head, context) };
}

/** The balancer's own health: 200, or 503 when there is no server to give a request to. */
function health(head: RequestHead, context: PlaneContext): OwnAnswer {
  if (head.method !== "GET" && head.method !== "HEAD") return refusal("method-not-allowed", head, context);
  const { hosts } = context.members.view;
  const servers = hosts.map((host) => ({ name: host.name, state: stateOf(host) }));
  const healthy = servers.some(({ state }) => state === "up");
  const body = JSON.stringify({ status: healthy ? "ok" : "no server available", servers });
  const status = healthy ? 200 : 503;
  const answer = jsonAnswer(status, body, lastLine(head, context));
  return { answer: withoutBody(head, answer), status, refusal: null, lasts: lasts(head, context) };
}

/** Whether a body is longer than it may be, as far as its head tells. */
const isLarge = ({ fields }: RequestHead, { settings: { maxBodyBytes } }: PlaneContext): boolean =>
  maxBodyBytes > 0 && fields.contentLength > maxBodyBytes;

/** A client that waits with its body may leave it out after another answer than 100: what would come next? */
const lasts = (head: RequestHead, context: PlaneContext): boolean =>
  head.keepAlive && !context.closing && (head.fields.present & (1 << Field.expect)) === 0 && !isLarge(head, context);

function lastLine(head: RequestHead, context: PlaneContext): string {
  if (!lasts(head, context)) return "Connection: close\r\n";
  return head.minor === 0 ? "Connection: keep-alive\r\n" : "";
}

/** How long the body of an answer of the balancer's own is. */
export const bodyLength = (answer: string): number => answer.length - answer.indexOf("\r\n\r\n") - 4;

/** An answer to HEAD has none. */
export const withoutBody = ({ method }: { readonly method: string }, answer: string): string =>
  method === "HEAD" ? answer.slice(0, answer.indexOf("\r\n\r\n") + 4) : answer;
