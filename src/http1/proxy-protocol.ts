import { CR, decodeLatin1, LF } from "./bytes.ts";
import { incomplete, invalid } from "./fields.ts";

/** What a proxy in front says of the connection that it passes on. */
export interface ProxyHeader {
  /** The offset of the first byte behind it. */
  readonly next: number;
  /** The client's IP address; null where none is told, as for the proxy's own checks (LOCAL) and UNKNOWN. */
  readonly address: string | null;
}

/** "\r\n\r\n\0\r\nQUIT\n": no request begins so. */
const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const v2Head = 16;
/** Bytes of a header of version 1, with its line end; of version 2, as nginx bounds it. */
const longestV1 = 107;
const longestV2 = 4_096;

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (HAProxy's proxy-protocol.txt, 2). It begins at `from`, at every call;
 * all that has come of it up to `end` is there. Returns `more` until it is whole, and `refused` for anything else.
 */
export function readProxyHeader(
  bytes: Uint8Array,
  from: number,
  end: number,
): ProxyHeader | typeof incomplete | typeof invalid {
  if (from === end) return incomplete;
  return bytes[from] === signature[0] ? readV2(bytes, from, end) : readV1(bytes, from, end);
}

function readV1(bytes: Uint8Array, from: number, end: number): ReturnType<typeof readProxyHeader> {
  const limit = from + longestV1 - 1;
  const stop = Math.min(end, limit);
  let at = from;
  while (at < stop && bytes[at] !== CR) at += 1;
  const line = decodeLatin1(bytes, from, at);
  if (!(line.startsWith("PROXY ") || "PROXY ".startsWith(line)) || /[^\x20-\x7e]/.test(line)) return invalid;
  if (at === stop) return stop === limit ? invalid : incomplete;
  if (at + 1 === end) return incomplete;
  return bytes[at + 1] === LF ? addressOfV1(line, at + 2) : invalid;
}

function addressOfV1(line: string, next: number): ReturnType<typeof readProxyHeader> {
  if (line === "PROXY UNKNOWN" || line.startsWith("PROXY UNKNOWN ")) return { next, address: null };
  const [, family, source = "", target = "", ...ports] = line.split(" ");
  const isAddress = family === "TCP4" ? isIpv4 : family === "TCP6" ? isIpv6 : null;
  if (isAddress === null || !isAddress(source) || !isAddress(target)) return invalid;
  return ports.length === 2 && ports.every(isPort) ? { next, address: source } : invalid;
}

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

const isIpv4 = (text: string): boolean => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
};

/** RFC 4291, 2.2: eight groups, `::` once for some of them, and perhaps an IPv4 address for the last two. */
function isIpv6(text: string): boolean {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const plain = isIpv4(tail) ? `${text.slice(0, -tail.length)}0:0` : text;
  const halves = plain.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const isWhole = halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
  return isWhole && groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group));
}

function readV2(bytes: Uint8Array, from: number, end: number): ReturnType<typeof readProxyHeader> {
  const here = bytes.subarray(from, end);
  if (signature.some((byte, at) => at < here.length && here[at] !== byte)) return invalid;
  const [command = 0x20, family = 0, high = 0, low = 0] = here.subarray(signature.length);
  const length = high * 256 + low;
  if (command !== 0x20 && command !== 0x21) return invalid;
  // A LOCAL connection is the proxy's own, whatever else is said of it.
  const isLocal = command === 0x20;
  const least = isLocal ? 0 : leastOf[family];
  if (least === undefined) return invalid;
  if (here.length < v2Head) return incomplete;
  if (v2Head + length > longestV2 || length < least) return invalid;
  if (here.length < v2Head + length) return incomplete;
  return { next: from + v2Head + length, address: isLocal ? null : addressOfV2(family, here.subarray(v2Head)) };
}

const tcp4 = 0x11;
const tcp6 = 0x21;
const unspecified = 0x00;
const unixStream = 0x31;
/** Bytes of the addresses, by family. TLVs may stand behind them, which are skipped. What comes by datagrams is no connection. */
const leastOf: Readonly<Record<number, number>> = { [unspecified]: 0, [tcp4]: 12, [tcp6]: 36, [unixStream]: 216 };

function addressOfV2(family: number, addresses: Uint8Array): string | null {
  if (family === tcp4) return addresses.subarray(0, 4).join(".");
  if (family !== tcp6) return null;
  const groups = Array.from({ length: 8 }, (_, at) => (addresses[2 * at] ?? 0) * 256 + (addresses[2 * at + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(":");
}
