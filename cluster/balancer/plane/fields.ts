/** The hop-by-hop fields, which end at this hop (RFC 9110, 7.6.1), and `Expect`, which this hop has answered. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What a client may not have removed by naming it in `Connection` (Envoy's rule). */
const unremovable = /^(?:host|content-length|transfer-encoding|authorization|x-forwarded-.*)$/;

/** Fields that say where a request came from: written anew, and kept from a trusted peer alone. */
const provenance: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
]);

/** The names that a `Connection` field lists, lower case, besides `close` and `keep-alive`; null when it may not name them. */
export function connectionOptions(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return none;
  const names = connection.split(",").map((name) => name.trim().toLowerCase());
  return names.length > 10 || names.some((name) => unremovable.test(name)) ? null : new Set(names);
}

const none: ReadonlySet<string> = new Set();

/** Who sent a request, as the fields that say so need it. */
export interface Sender {
  /** The peer's normalized address. */
  readonly address: string;
  readonly trusted: boolean;
}

/** A request's fields as the client sent them: `raw` alternates names and values, `joined` has them by lower-case name. */
export interface RequestFields {
  readonly raw: readonly string[];
  readonly joined: Readonly<Record<string, string | string[] | undefined>>;
  readonly dropped: ReadonlySet<string>;
  /** Replaces `Host` when the target was absolute. */
  readonly authority: string | null;
}

/**
 * The fields for the server, names and values by turns: order, case and duplicates as they came, without those that
 * end here. `X-Forwarded-*` are appended to for a trusted peer, and replaced for any other.
 */
export function requestFields(given: RequestFields, sender: Sender): string[] {
  const { raw, dropped, authority } = given;
  const fields: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || dropped.has(lower) || forges(lower, sender)) continue;
    fields.push(name, lower === "host" && authority !== null ? authority : (raw[at + 1] ?? ""));
  }
  addProvenance(fields, given, sender);
  return fields;
}

/** Whether a field says where the request came from, though its sender has no say in that, or we say it ourselves. */
function forges(lower: string, { trusted }: Sender): boolean {
  // A name with `_` is an alias of one with `-` to many servers (CGI), and could smuggle an address past us.
  if (lower.includes("_")) return provenance.has(lower.replaceAll("_", "-"));
  return provenance.has(lower) && (!trusted || lower === "x-forwarded-for");
}

function addProvenance(fields: string[], { joined, authority }: RequestFields, sender: Sender): void {
  const given = sender.trusted ? joined : {};
  const before = given["x-forwarded-for"];
  fields.push("X-Forwarded-For", before === undefined ? sender.address : `${String(before)}, ${sender.address}`);
  if (given["x-forwarded-proto"] === undefined) fields.push("X-Forwarded-Proto", "http");
  if (given["x-forwarded-host"] === undefined) fields.push("X-Forwarded-Host", authority ?? String(joined.host ?? ""));
}

/** The fields for the client, names and values by turns, without those that end at this hop and `own`. `raw` is as the server sent it. */
export function answerFields(
  raw: readonly (Buffer | string)[],
  connection: string | undefined,
  own: ReadonlySet<string>,
): string[] {
  const dropped = connectionOptions(connection) ?? none;
  const fields: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = text(raw[at]);
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !dropped.has(lower) && !own.has(lower)) fields.push(name, text(raw[at + 1]));
  }
  return fields;
}

const text = (bytes: Buffer | string | undefined): string =>
  typeof bytes === "object" ? bytes.toString("latin1") : (bytes ?? "");
