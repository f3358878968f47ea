/** The head of a response as the client gets it. */
import { Field, Framing, type ResponseHead } from "../../../../src/http1/index.ts";
import { canonicalLength, hasField, hopByHopInResponse, keptLines } from "./hop-by-hop.ts";

/** Fields that the balancer alone says. */
const ours = ["x-lbctl-attempts"];
const oursAndId = [...ours, "x-request-id"];

/**
 * Returns the head for the client, without what ends at this hop and without what the balancer alone says (`hidesId`: that
 * includes `X-Request-Id`), and with `lines`, each with its CRLF. `framing`: how the body goes to the client.
 */
export function responseHead(head: ResponseHead, framing: Framing, lines: string, hidesId: boolean): string {
  const { fields, status, text, fieldsStart } = head;
  const hasNoLength = status < 200 || status === 204 || !fields.isLengthCanonical;
  let dropped = hopByHopInResponse;
  if (hasNoLength) dropped |= 1 << Field.contentLength;
  // Without chunks there are no trailers.
  if (framing !== Framing.chunked) dropped |= 1 << Field.trailer;
  const statusLine = head.isVersionExact ? text.slice(0, fieldsStart) : `HTTP/1.1${text.slice(8, fieldsStart)}`;
  const length = status < 200 || status === 204 ? "" : canonicalLength(fields);
  const date = !hasField(fields, Field.date) && status >= 200 ? dateLine() : "";
  return `${statusLine}${keptLines(head, dropped, hidesId ? oursAndId : ours)}${length}${date}${lines}\r\n`;
}

/** Returns the head of a 101, with the `Upgrade` that the client waits for. */
export const upgradeHead = (head: ResponseHead, lines: string): string =>
  responseHead(
    head,
    Framing.none,
    `Upgrade: ${head.fields.find("upgrade", head.text)}\r\nConnection: upgrade\r\n${lines}`,
    false,
  );

/** Returns how the body of a response goes on to a client of HTTP/1.`minor`. */
export function framingForClient(framing: Framing, minor: number): Framing {
  if (framing === Framing.none || framing === Framing.length) return framing;
  return minor === 1 ? Framing.chunked : Framing.close;
}

let date = "";
let dateSecond = 0;

/** RFC 9110, 6.6.1: whoever passes on a response without a date adds one. */
function dateLine(): string {
  const now = Date.now();
  const second = Math.trunc(now / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `Date: ${new Date(now).toUTCString()}\r\n`;
  }
  return date;
}
