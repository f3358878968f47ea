import type { Fields } from "./fields.ts";
import { Field } from "./names.ts";

/** What the `Connection` fields of a message say of its connection (RFC 9110, 7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** `TE` is meant for the next hop alone, as it should be. */
  readonly te: boolean;
  /** The fields that they remove, lower case. */
  readonly namedFields: readonly string[];
}

const options = (given: Partial<ConnectionOptions>): ConnectionOptions => ({
  close: false,
  keepAlive: false,
  upgrade: false,
  te: false,
  namedFields: [],
  ...given,
});

const none = options({});
const close = options({ close: true });
const keepAlive = options({ keepAlive: true });

/** Names in all, and names that change how the message is read or whom it seems to come from: Envoy's rule. */
const maxOptions = 10;
const unremovable =
  /^(?:host|content-length|transfer-encoding|authorization|cookie|set-cookie|forwarded|x-real-ip|x-forwarded-.*)$/;
const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Reads the `Connection` fields of a head, whose text is given; null when they name what they may not. */
export function connectionOptions(fields: Fields, text: string): ConnectionOptions | null {
  if ((fields.present & (1 << Field.connection)) === 0) return none;
  const values: string[] = [];
  for (let at = 0; at < fields.count; at += 1)
    if (fields.ids[at] === Field.connection) values.push(text.slice(fields.valueStart(at), fields.valueEnd(at)));
  const [first = ""] = values;
  if (values.length === 1 && first === "keep-alive") return keepAlive;
  return values.length === 1 && first === "close" ? close : parse(values.join(","));
}

function parse(list: string): ConnectionOptions | null {
  const names = list
    .split(",")
    .map((name) => name.replace(/^[\t ]+|[\t ]+$/g, "").toLowerCase())
    .filter((name) => name !== "");
  if (names.length > maxOptions || names.some((name) => !token.test(name) || unremovable.test(name))) return null;
  return options({
    close: names.includes("close"),
    keepAlive: names.includes("keep-alive"),
    upgrade: names.includes("upgrade"),
    te: names.includes("te"),
    namedFields: names.filter((name) => name !== "close" && name !== "keep-alive"),
  });
}
