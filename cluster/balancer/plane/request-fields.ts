/** The head of a request as the server is to have it. */
import { Field, Framing, fieldSet, type RequestHead } from "../../../src/http1/index.ts";

/** Who sent a request, as the fields that say so need it. */
export interface Sender {
  /** The peer's normalized address. */
  readonly address: string;
  readonly trusted: boolean;
  /** Tells our own end of the connection: the host of a request of HTTP/1.0 that names none. */
  readonly local: () => string;
}

/** The fields that end at this hop (RFC 9110, 7.6.1), and names that pass for one of the known ones. */
const ofTheHop = fieldSet(
  Field.connection,
  Field.keepAlive,
  Field.proxyConnection,
  Field.te,
  Field.trailer,
  Field.transferEncoding,
  Field.upgrade,
  Field.alias,
);

/** Fields that say where a request came from: written anew, and kept from a trusted peer alone. */
const provenance = fieldSet(
  Field.forwarded,
  Field.xForwardedFor,
  Field.xForwardedHost,
  Field.xForwardedProto,
  Field.xRealIp,
);

const has = (head: RequestHead, field: number): boolean => (head.fields.present & (1 << field)) !== 0;

/** Writes the heads of one client's requests anew. */
export class RequestFields {
  readonly #sender: Sender;
  readonly #via: string;
  /** What is added for the host that was asked for last: most clients ask for one alone. */
  #host = "";
  #added = "";

  constructor(sender: Sender, via: boolean) {
    this.#sender = sender;
    this.#via = via ? "Via: 1.1 lbctl\r\n" : "";
  }

  /**
   * The head for the server: order, case and duplicates as they came, without what ends here, and with our own.
   * `X-Forwarded-*` are appended to for a trusted peer, and replaced for any other.
   */
  write(head: RequestHead, framing: Framing, upgrades: boolean): string {
    const { fields, text } = head;
    const dropped = this.#dropped(head);
    const kept = `${firstLine(head, this.#sender)}${keptLines(head, dropped)}`;
    const te = passesTrailers(head) ? "TE: trailers\r\nConnection: TE\r\n" : "";
    const chunks = framing === Framing.chunked ? "Transfer-Encoding: chunked\r\n" : "";
    const upgrade = upgrades ? `Upgrade: ${fields.find("upgrade", text)}\r\nConnection: upgrade\r\n` : "";
    return `${kept}${chunks}${upgrades ? upgrade : te}${this.#provenance(head)}`;
  }

  #dropped({ authority, minor, method }: RequestHead): number {
    let dropped = ofTheHop | (this.#sender.trusted ? 1 << Field.xForwardedFor : provenance);
    if (authority !== null) dropped |= 1 << Field.host;
    // A client of HTTP/1.0 would take an interim answer for the final one.
    if (minor === 0) dropped |= 1 << Field.expect;
    if (method === "OPTIONS") dropped |= 1 << Field.maxForwards;
    return dropped;
  }

  /** The last lines of the head. */
  #provenance(head: RequestHead): string {
    const { address, trusted } = this.#sender;
    const host = head.authority ?? head.host;
    const isPlain = !trusted || (head.fields.present & provenance) === 0;
    if (isPlain && host === this.#host && this.#added !== "") return this.#added;
    const { fields, text } = head;
    const before = trusted ? fields.find("x-forwarded-for", text) : undefined;
    let lines = `${this.#via}X-Forwarded-For: ${before === undefined ? "" : `${before}, `}${address}\r\n`;
    if (!trusted || !has(head, Field.xForwardedProto)) lines += "X-Forwarded-Proto: http\r\n";
    if (host !== "" && (!trusted || !has(head, Field.xForwardedHost))) lines += `X-Forwarded-Host: ${host}\r\n`;
    if (isPlain) {
      this.#host = host;
      this.#added = `${lines}\r\n`;
    }
    return `${lines}\r\n`;
  }
}

/** The request line, and what has to stand right behind it. */
function firstLine(head: RequestHead, { local }: Sender): string {
  const { method, path, text } = head;
  const line = `${method} ${serverPath(path)} HTTP/1.1\r\n`;
  const named = head.authority ?? (has(head, Field.host) ? null : local());
  const host = named === null ? "" : `Host: ${named}\r\n`;
  return `${line}${host}${method === "OPTIONS" && has(head, Field.maxForwards) ? oneHopLess(head, text) : ""}`;
}

/** `/api[/rest][?query]` is `/data[/rest][?query]` at the servers; `/apifoo` and any other path is as it is. */
function serverPath(path: string): string {
  if (!path.startsWith("/api")) return path;
  const next = path[4];
  return next === undefined || next === "/" || next === "?" ? `/data${path.slice(4)}` : path;
}

/** `Max-Forwards` counts down for OPTIONS (RFC 9110, 7.6.2); it is not 0 here. */
const oneHopLess = ({ fields }: RequestHead, text: string): string =>
  `Max-Forwards: ${Number(fields.value(Field.maxForwards, text)) - 1}\r\n`;

/** The field lines as they came, but for those in `dropped` and those that `Connection` namedFields. */
function keptLines({ fields, text, connection, fieldsStart }: RequestHead, dropped: number): string {
  const namedFields = connection?.namedFields ?? [];
  if ((fields.present & dropped) === 0 && namedFields.length === 0)
    return text.slice(fieldsStart, fields.start(fields.count));
  let kept = "";
  let run = fieldsStart;
  for (let at = 0; at < fields.count; at += 1) {
    const isDropped = ((dropped >>> (fields.ids[at] ?? 0)) & 1) === 1;
    if (!isDropped && !namedFields.some((name) => fields.hasName(at, name, text))) continue;
    kept += text.slice(run, fields.start(at));
    run = fields.start(at + 1);
  }
  return kept + text.slice(run, fields.start(fields.count));
}

/** `TE: trailers` goes on where it was meant for this hop, as it has to be (RFC 9110, 10.1.4). */
function passesTrailers({ fields, text, connection }: RequestHead): boolean {
  if ((fields.present & (1 << Field.te)) === 0 || connection?.te !== true) return false;
  const codings = fields.find("te", text)?.split(",") ?? [];
  return codings.some((coding) => coding.trim().toLowerCase() === "trailers");
}

/** Whether a request asks to speak another protocol on its connection. `h2c` is not passed on: what it starts could not be seen into. */
export function wantsUpgrade(head: RequestHead, framing: Framing): boolean {
  if (!has(head, Field.upgrade) || head.connection?.upgrade !== true || head.minor === 0) return false;
  if (framing !== Framing.none) return false;
  const protocols = head.fields.find("upgrade", head.text)?.split(",") ?? [];
  return protocols.length > 0 && !protocols.some((protocol) => /^\s*(?:h2c?|)(?:\/.*)?\s*$/i.test(protocol));
}
