/** The head of a request as the server gets it. */
import { Field, Framing, fieldSet, type RequestHead } from "../../../../src/http1/index.ts";
import type { Endpoint } from "../../../listen.ts";
import { formatAddress } from "../../config/address.ts";
import { type RewriteRule, rewriteTarget } from "../../config/rewrite.ts";
import { canonicalLength, hasField, hopByHopInRequest, keptLines } from "./hop-by-hop.ts";

/** Fields that say where a request came from: written anew, and kept from a trusted peer alone. */
const provenance = fieldSet(
  Field.forwarded,
  Field.xForwardedFor,
  Field.xForwardedHost,
  Field.xForwardedProto,
  Field.xRealIp,
);

/** The other end of a client's connection, as its requests tell of it. */
export interface RequestOrigin {
  /** Its normalized address: the peer's own, or the one that the PROXY header names. */
  readonly address: string;
  /** It may say whom it speaks for (`--trust`). */
  readonly isTrusted: boolean;
  /** Our own end of its connection; null when it is unknown, because the peer has gone. */
  localAddress(): Endpoint | null;
}

interface RequestFieldsOptions {
  readonly via: boolean;
  readonly rewrites: readonly RewriteRule[];
}

/** Writes the heads of one client's requests for its servers. */
export class RequestFields {
  readonly #peer: RequestOrigin;
  readonly #rewrites: readonly RewriteRule[];
  readonly #via: string;
  /** The provenance lines of the host that was asked for last: most clients ask for one alone. */
  #host = "";
  #lines = "";

  constructor(peer: RequestOrigin, { via, rewrites }: RequestFieldsOptions) {
    this.#peer = peer;
    this.#rewrites = rewrites;
    this.#via = via ? "Via: 1.1 lbctl\r\n" : "";
  }

  /**
   * Returns the head for the server: order, case and duplicates as they came, without what ends at this hop, with our own lines.
   * `X-Forwarded-*` are appended to for a trusted peer and replaced for any other.
   */
  write(head: RequestHead, framing: Framing, isUpgrade: boolean): string {
    const kept = `${this.#firstLines(head)}${keptLines(head, this.#dropped(head))}${canonicalLength(head.fields)}`;
    const chunks = framing === Framing.chunked ? "Transfer-Encoding: chunked\r\n" : "";
    const hop = isUpgrade ? upgradeLines(head) : teLines(head);
    return `${kept}${chunks}${hop}${this.#provenance(head)}\r\n`;
  }

  #dropped({ authority, minor, method, fields }: RequestHead): number {
    let dropped = hopByHopInRequest | (this.#peer.isTrusted ? 1 << Field.xForwardedFor : provenance);
    if (authority !== null) dropped |= 1 << Field.host;
    // A client of HTTP/1.0 would take an informational response for the final one.
    if (minor === 0) dropped |= 1 << Field.expect;
    if (method === "OPTIONS") dropped |= 1 << Field.maxForwards;
    if (!fields.isLengthCanonical) dropped |= 1 << Field.contentLength;
    return dropped;
  }

  /** The request line, and what has to stand right behind it. */
  #firstLines(head: RequestHead): string {
    const { method, path, fields } = head;
    const line = `${method} ${rewriteTarget(path, this.#rewrites)} HTTP/1.1\r\n`;
    const named = head.authority ?? (hasField(fields, Field.host) ? null : this.#localHost());
    const host = named === null ? "" : `Host: ${named}\r\n`;
    return `${line}${host}${method === "OPTIONS" && hasField(fields, Field.maxForwards) ? oneHopLess(head) : ""}`;
  }

  /** Our own end of the connection: the host of a request of HTTP/1.0 that names none. */
  #localHost(): string {
    const local = this.#peer.localAddress();
    return local === null ? "" : formatAddress(local);
  }

  #provenance(head: RequestHead): string {
    const { address, isTrusted } = this.#peer;
    const { fields, text } = head;
    const host = head.authority ?? head.host;
    const isPlain = !isTrusted || (fields.present & provenance) === 0;
    if (isPlain && host === this.#host && this.#lines !== "") return this.#lines;
    const before = isTrusted ? fields.find("x-forwarded-for", text) : undefined;
    let lines = `${this.#via}X-Forwarded-For: ${before === undefined ? "" : `${before}, `}${address}\r\n`;
    if (!isTrusted || !hasField(fields, Field.xForwardedProto)) lines += "X-Forwarded-Proto: http\r\n";
    if (host !== "" && (!isTrusted || !hasField(fields, Field.xForwardedHost)))
      lines += `X-Forwarded-Host: ${host}\r\n`;
    if (isPlain) {
      this.#host = host;
      this.#lines = lines;
    }
    return lines;
  }
}

/** `Max-Forwards` counts down for OPTIONS (RFC 9110, 7.6.2); it is not 0 here. */
const oneHopLess = ({ fields, text }: RequestHead): string =>
  `Max-Forwards: ${Number(fields.value(Field.maxForwards, text)) - 1}\r\n`;

const upgradeLines = ({ fields, text }: RequestHead): string =>
  `Upgrade: ${fields.find("upgrade", text)}\r\nConnection: upgrade\r\n`;

/** `TE: trailers` goes on where it was meant for this hop, as it has to be (RFC 9110, 10.1.4). */
function teLines({ fields, text, connection }: RequestHead): string {
  if (!hasField(fields, Field.te) || connection?.te !== true) return "";
  const codings = fields.find("te", text)?.split(",") ?? [];
  const passes = codings.some((coding) => coding.trim().toLowerCase() === "trailers");
  return passes ? "TE: trailers\r\nConnection: TE\r\n" : "";
}

/**
 * Whether a request asks to speak another protocol on its connection. `h2c` is not passed on: the balancer could not read what
 * follows.
 */
export function wantsUpgrade(head: RequestHead, framing: Framing): boolean {
  const { fields, text, connection, minor } = head;
  if (!hasField(fields, Field.upgrade) || connection?.upgrade !== true || minor === 0) return false;
  if (framing !== Framing.none) return false;
  const protocols = fields.find("upgrade", text)?.split(",") ?? [];
  return protocols.length > 0 && !protocols.some((protocol) => /^\s*(?:h2c?|)(?:\/.*)?\s*$/i.test(protocol));
}
