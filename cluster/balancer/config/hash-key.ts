import { isUtf8 } from "node:buffer";
import { ConfigError } from "./address.ts";

/** What of a request is hashed to choose its server. */
export type HashKey =
  | { readonly kind: "client-ip" | "path" | "uri" | "request-id" }
  | {
      readonly kind: "header" | "cookie" | "query";
      readonly name: string;
      /** What is hashed where a request lacks this; the client's address unless said. */
      readonly otherwise?: HashKey;
    };

/** What a key can be read from. */
export interface KeySource {
  /** The request target as the client sent it. */
  readonly target: string;
  readonly clientAddress: string;
  /** A header field by its lower-case name; undefined when it is absent. */
  field(name: string): string | undefined;
}

const plain = ["client-ip", "path", "uri", "request-id"] as const;
const named = ["header", "cookie", "query"] as const;

/**
 * Reads `client-ip`, `path`, `uri`, `request-id`, `header:NAME`, `cookie:NAME` or `query:NAME`, or several apart by
 * commas, of which the first that a request has is its key. Throws a ConfigError.
 */
export function parseHashKey(text: string): HashKey {
  const parts = text.split(",").map((part) => parsePart(part.trim(), text));
  if (parts.length > 1 && parts.some(({ kind }) => kind === "request-id"))
    throw new ConfigError(`'${text}' is not a key: request-id is made anew for each request, so it stands alone`);
  return parts.reduceRight((otherwise, part) => {
    if ("name" in part) return { ...part, otherwise };
    throw new ConfigError(`'${text}' is not a key: ${part.kind} is never missing, so nothing can come after it`);
  });
}

function parsePart(text: string, whole: string): HashKey {
  const simple = plain.find((kind) => kind === text);
  if (simple !== undefined) return { kind: simple };
  const [word, name = ""] = text.split(":");
  const kind = named.find((each) => each === word);
  if (kind !== undefined && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && text === `${kind}:${name}`)
    return { kind, name };
  const choices = [...plain, ...named.map((each) => `${each}:NAME`)].join(", ");
  throw new ConfigError(`'${whole}' is not a key: choose one of ${choices}`);
}

/** The text that `parseHashKey` reads back. */
export const formatHashKey = (spec: HashKey): string =>
  "name" in spec
    ? `${spec.kind}:${spec.name}${spec.otherwise === undefined ? "" : `,${formatHashKey(spec.otherwise)}`}`
    : spec.kind;

/** How to read the key of a request. What a request lacks (a header, a cookie, a query) falls back to what comes next, in the end its client's address. */
export function keyReader(spec: HashKey): (source: KeySource) => string {
  switch (spec.kind) {
    case "client-ip":
      return (source) => source.clientAddress;
    case "path":
      return ({ target }) => decode(target.split("?", 1)[0] ?? target);
    case "uri":
      return (source) => decode(source.target);
    case "request-id":
      return sixDigits;
    case "header":
      return orElse(spec, (source) => source.field(spec.name.toLowerCase()));
    case "cookie":
      return orElse(spec, (source) => pairValue(source.field("cookie"), ";", spec.name));
    case "query":
      return orElse(spec, ({ target }) => pairValue(queryOf(target), "&", spec.name));
  }
}

function orElse(
  { otherwise }: Extract<HashKey, { name: string }>,
  read: (source: KeySource) => string | undefined,
): (source: KeySource) => string {
  const next = keyReader(otherwise ?? { kind: "client-ip" });
  return (source) => decode(read(source) ?? "") || next(source);
}

/** What Node reads a byte a character is UTF-8 to most who send it, and is hashed as the bytes that were sent. */
function decode(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}

/** A fresh number from 100000 to 999999, as the classroom's assignment asks. */
const sixDigits = (): string => String(100_000 + Math.floor(Math.random() * 900_000));

const queryOf = (target: string): string | undefined =>
  target.includes("?") ? target.slice(target.indexOf("?") + 1) : undefined;

/** The value of the first `name=value` in a list; bytes as they were sent, nothing decoded. */
function pairValue(list: string | undefined, separator: string, name: string): string | undefined {
  const prefix = `${name}=`;
  const pairs = list?.split(separator).map((pair) => pair.trim());
  return pairs?.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
}
