/**
 * The fields that mean something to a proxy. All other names are `other`. The numbers are under 32, so that a set of fields
 * is one integer of bits (`fieldSet`).
 */
export const Field = {
  other: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  keepAlive: 5,
  proxyConnection: 6,
  proxyAuthenticate: 7,
  te: 8,
  trailer: 9,
  upgrade: 10,
  expect: 11,
  via: 12,
  maxForwards: 13,
  forwarded: 14,
  xForwardedFor: 15,
  xForwardedHost: 16,
  xForwardedProto: 17,
  xRealIp: 18,
  authorization: 19,
  date: 20,
  /** A name that equals one of the above but has `_` for `-`: CGI and WSGI servers take the two for the same field. */
  alias: 21,
} as const;

const names: Readonly<Record<string, number>> = {
  host: Field.host,
  connection: Field.connection,
  "content-length": Field.contentLength,
  "transfer-encoding": Field.transferEncoding,
  "keep-alive": Field.keepAlive,
  "proxy-connection": Field.proxyConnection,
  "proxy-authenticate": Field.proxyAuthenticate,
  te: Field.te,
  trailer: Field.trailer,
  upgrade: Field.upgrade,
  expect: Field.expect,
  via: Field.via,
  "max-forwards": Field.maxForwards,
  forwarded: Field.forwarded,
  "x-forwarded-for": Field.xForwardedFor,
  "x-forwarded-host": Field.xForwardedHost,
  "x-forwarded-proto": Field.xForwardedProto,
  "x-real-ip": Field.xRealIp,
  authorization: Field.authorization,
  date: Field.date,
};

interface KnownName {
  readonly id: number;
  /** In lower case. */
  readonly bytes: Uint8Array;
}

const LONGEST_NAME = 18;

/**
 * The slot of a name: its length, and the low five bits of its first byte, which are the same for a letter and its capital.
 * No two known names share a slot, so that one comparison at most decides.
 */
const slotOf = (length: number, firstByte: number): number => (length << 5) | (firstByte & 31);

const slots: readonly (KnownName | null)[] = (() => {
  const table: (KnownName | null)[] = Array.from({ length: (LONGEST_NAME + 1) << 5 }, () => null);
  for (const [name, id] of Object.entries(names)) {
    const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0));
    table[slotOf(name.length, name.charCodeAt(0))] = { id, bytes };
  }
  return table;
})();

/** Returns the `Field` whose name stands in [`from`, `to`), in upper or lower case; `Field.alias` when it has `_` for `-`. */
export function fieldOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length > LONGEST_NAME) return Field.other;
  const known = slots[slotOf(length, bytes[from] as number)];
  return known === null || known === undefined ? Field.other : compare(bytes, from, known);
}

/** A letter and its capital differ by the bit 0x20 alone. `-` has that bit; `_` (0x5f) becomes 0x7f by it. */
function compare(bytes: Uint8Array, from: number, { id, bytes: name }: KnownName): number {
  let found = id;
  for (let at = 0; at < name.length; at += 1) {
    const lower = (bytes[from + at] as number) | 0x20;
    if (lower === name[at]) continue;
    if (lower !== 0x7f || name[at] !== 0x2d) return Field.other;
    found = Field.alias;
  }
  return found;
}

/** Returns the set of the fields, as bits `1 << Field.…`. */
export const fieldSet = (...fields: readonly number[]): number => fields.reduce((set, field) => set | (1 << field), 0);
