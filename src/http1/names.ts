/** The fields that mean something to whoever passes messages on; all others are `other`. Each is a bit of a 32-bit set. */
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
  /** Any of the above, with `_` where it has `-`. */
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

interface Name {
  readonly id: number;
  /** Lower case. */
  readonly bytes: Uint8Array;
}

const longest = 18;

const byLength: readonly (readonly Name[])[] = Array.from({ length: longest + 1 }, (_, length) =>
  Object.entries(names)
    .filter(([name]) => name.length === length)
    .map(([name, id]) => ({ id, bytes: Uint8Array.from(name, (char) => char.charCodeAt(0)) })),
);

/** The field that is called so, in whatever case; `Field.alias` when the name is one of them but for `_`. */
export function fieldOf(bytes: Uint8Array, from: number, to: number): number {
  const candidates = byLength[to - from];
  if (candidates === undefined) return Field.other;
  for (const name of candidates) {
    const found = compare(bytes, from, name);
    if (found !== Field.other) return found;
  }
  return Field.other;
}

/** Letters differ from their capitals by the bit 0x20, which `-` has and by which `_` (0x5f) becomes 0x7f. */
function compare(bytes: Uint8Array, from: number, { id, bytes: name }: Name): number {
  let found = id;
  for (let at = 0; at < name.length; at += 1) {
    const lower = (bytes[from + at] as number) | 0x20;
    if (lower === name[at]) continue;
    if (lower !== 0x7f || name[at] !== 0x2d) return Field.other;
    found = Field.alias;
  }
  return found;
}

/** A set of fields, as bits. */
export const fieldSet = (...fields: readonly number[]): number => fields.reduce((set, field) => set | (1 << field), 0);
