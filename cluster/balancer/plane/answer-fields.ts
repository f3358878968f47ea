/** The head of an answer as the client is to have it. */
import { Field, Framing, fieldSet, type ResponseHead } from "../../../src/http1/index.ts";

/** The fields that end at this hop. */
const ofTheHop = fieldSet(
  Field.connection,
  Field.keepAlive,
  Field.proxyConnection,
  Field.proxyAuthenticate,
  Field.te,
  Field.trailer,
  Field.transferEncoding,
  Field.upgrade,
);

const attempts = "x-lbctl-attempts";
const requestId = "x-request-id";

/**
 * The head for the client, without what ends here and what only the balancer says (`hidesId`: that includes
 * `X-Request-Id`), and with `lines`, each with its end.
 */
export function writeAnswer(head: ResponseHead, lines: string, hidesId: boolean): string {
  const { fields, status, text } = head;
  const dropped = status < 200 || status === 204 ? ofTheHop | (1 << Field.contentLength) : ofTheHop;
  const namedFields = head.connection?.namedFields ?? [];
  let kept = head.isVersionExact ? "" : "HTTP/1.1";
  let run = kept.length;
  for (let at = 0; at < fields.count; at += 1) {
    const isDropped =
      ((dropped >>> (fields.ids[at] ?? 0)) & 1) === 1 ||
      fields.hasName(at, attempts, text) ||
      (hidesId && fields.hasName(at, requestId, text));
    if (!isDropped && !namedFields.some((name) => fields.hasName(at, name, text))) continue;
    kept += text.slice(run, fields.start(at));
    run = fields.start(at + 1);
  }
  kept += text.slice(run, fields.start(fields.count));
  const date = (fields.present & (1 << Field.date)) === 0 && status >= 200 ? dateLine() : "";
  return `${kept}${date}${lines}\r\n`;
}

/** The head of a 101: its `Upgrade` is what the client waits for. */
export const writeUpgrade = (head: ResponseHead, lines: string): string =>
  writeAnswer(head, `Upgrade: ${head.fields.find("upgrade", head.text)}\r\nConnection: upgrade\r\n${lines}`, false);

/** How the body of an answer goes on to a client, of HTTP/1.1 or HTTP/1.0. */
export function framingForClient(framing: Framing, minor: number): Framing {
  if (framing === Framing.none || framing === Framing.length) return framing;
  return minor === 1 ? Framing.chunked : Framing.close;
}

let date = "";
let dateSecond = 0;

/** RFC 9110, 6.6.1: whoever passes on an answer without a date adds one. */
function dateLine(): string {
  const now = Date.now();
  const second = Math.trunc(now / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `Date: ${new Date(now).toUTCString()}\r\n`;
  }
  return date;
}
