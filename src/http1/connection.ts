import { Field } from "./field-names.ts";
import type { Fields } from "./fields.ts";

/** The connection options of a message: what its `Connection` fields list (RFC 9110, 7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** True when `TE` is meant for the next hop alone, as RFC 9110, 10.1.4 demands of whoever sends it. */
  readonly te: boolean;
  /** The options but `close` and `keep-alive`, in lower case: a proxy removes the fields of these names. */
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

const noOptions = options({});
/** What nearly all clients and servers send. */
const commonOptions: ReadonlyMap<string, ConnectionOptions> = new Map(
  ["keep-alive", "Keep-Alive", "close", "Close"].map((value) => {
    const isClose = value.toLowerCase() === "close";
    return [value, options({ close: isClose, keepAlive: !isClose })];
  }),
);

/** Ten options at most, and none of the fields that change how a message is read or whom it seems to come from, as in Envoy. */
const MAX_OPTIONS = 10;
const fieldsThatStay =
  /^(?:host|content-length|transfer-encoding|authorization|cookie|set-cookie|forwarded|x-real-ip|x-forwarded-.*)$/;
const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Reads the `Connection` fields of a whole head with the given text. Returns null when they are invalid. */
export function readConnectionOptions(fields: Fields, text: string): ConnectionOptions | null {
  if ((fields.present & (1 << Field.connection)) === 0) return noOptions;
  const first = fields.value(Field.connection, text) ?? "";
  const isRepeated = (fields.repeated & (1 << Field.connection)) !== 0;
  return isRepeated ? parse(fields.find("connection", text) ?? "") : (commonOptions.get(first) ?? parse(first));
}

function parse(list: string): ConnectionOptions | null {
  const names = list
    .split(",")
    .map((name) => name.replace(/^[\t ]+|[\t ]+$/g, "").toLowerCase())
    .filter((name) => name !== "");
  if (names.length > MAX_OPTIONS || names.some((name) => !token.test(name) || fieldsThatStay.test(name))) return null;
  return options({
    close: names.includes("close"),
    keepAlive: names.includes("keep-alive"),
    upgrade: names.includes("upgrade"),
    te: names.includes("te"),
    namedFields: names.filter((name) => name !== "close" && name !== "keep-alive"),
  });
}

/** Whether the sender of a head keeps its connection open after the message (RFC 9112, 9.3). Null options are invalid ones. */
export const keepsAlive = (connection: ConnectionOptions | null, minor: number): boolean =>
  connection !== null && !connection.close && (minor === 1 || connection.keepAlive);
