import { cr, decodeLatin1, lf } from "./bytes.ts";
import { isIpv4, isIpv6 } from "./ip-address.ts";
import { hasValidTlvs } from "./proxy-tlvs.ts";
import { INCOMPLETE, INVALID } from "./result.ts";

/** What a proxy in front says about the connection that it forwards. */
interface ProxyHeader {
  /** The offset of the first byte behind the header. */
  readonly next: number;
  /** The client's IP address; null when the header names none: UNKNOWN, LOCAL (the proxy's own checks), Unix sockets. */
  readonly address: string | null;
}

type Result = ProxyHeader | typeof INCOMPLETE | typeof INVALID;

/** "\r\n\r\n\0\r\nQUIT\n", the beginning of version 2. No request begins so. */
const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
/** Bytes of version 2 before the addresses. */
const V2_PREFIX_LENGTH = 16;
/** Bytes of a header: of version 1 with its CRLF (proxy-protocol.txt, 2.1), of version 2 as nginx limits it. */
const LONGEST_V1 = 107;
const LONGEST_V2 = 4_096;

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (HAProxy's proxy-protocol.txt, 2). It begins at `from`, the same at
 * every call, and all of its bytes up to `end` are there.
 */
export function readProxyHeader(bytes: Uint8Array, from: number, end: number): Result {
  if (from === end) return INCOMPLETE;
  return bytes[from] === signature[0] ? readV2(bytes, from, end) : readV1(bytes, from, end);
}

function readV1(bytes: Uint8Array, from: number, end: number): Result {
  const limit = from + LONGEST_V1 - 1;
  const stop = Math.min(end, limit);
  let at = from;
  while (at < stop && bytes[at] !== cr) at += 1;
  const line = decodeLatin1(bytes, from, at);
  if (!(line.startsWith("PROXY ") || "PROXY ".startsWith(line)) || /[^\x20-\x7e]/.test(line)) return INVALID;
  if (at === stop) return stop === limit ? INVALID : INCOMPLETE;
  if (at + 1 === end) return INCOMPLETE;
  return bytes[at + 1] === lf ? parseV1(line, at + 2) : INVALID;
}

function parseV1(line: string, next: number): Result {
  if (line === "PROXY UNKNOWN" || line.startsWith("PROXY UNKNOWN ")) return { next, address: null };
  const [, family, source = "", target = "", ...ports] = line.split(" ");
  const isAddress = family === "TCP4" ? isIpv4 : family === "TCP6" ? isIpv6 : null;
  if (isAddress === null || !isAddress(source) || !isAddress(target)) return INVALID;
  return ports.length === 2 && ports.every(isPort) ? { next, address: source } : INVALID;
}

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

const localCommand = 0x20;
const proxyCommand = 0x21;
/** The address families and transports of version 2 that a TCP listener can receive. */
const unspecified = 0x00;
const tcp4 = 0x11;
const tcp6 = 0x21;
const unixStream = 0x31;
/** Bytes of both addresses and ports, by family. */
const addressLengths: Readonly<Record<number, number>> = {
  [unspecified]: 0,
  [tcp4]: 12,
  [tcp6]: 36,
  [unixStream]: 216,
};

function readV2(bytes: Uint8Array, from: number, end: number): Result {
  const here = bytes.subarray(from, end);
  if (signature.some((byte, at) => at < here.length && here[at] !== byte)) return INVALID;
  const [command = localCommand, family = unspecified, high = 0, low = 0] = here.subarray(signature.length);
  if (command !== localCommand && command !== proxyCommand) return INVALID;
  // The addresses of LOCAL are discarded with their family, whatever it is (proxy-protocol.txt, 2.2).
  const addressLength = command === localCommand ? 0 : addressLengths[family];
  if (addressLength === undefined) return INVALID;
  if (here.length < V2_PREFIX_LENGTH) return INCOMPLETE;
  const length = V2_PREFIX_LENGTH + high * 256 + low;
  if (length > LONGEST_V2 || length < V2_PREFIX_LENGTH + addressLength) return INVALID;
  if (here.length < length) return INCOMPLETE;
  const address = parseV2(here.subarray(0, length), addressLength);
  return address === INVALID ? INVALID : { next: from + length, address };
}

/** Returns the client's address that a whole header of version 2 names. */
function parseV2(header: Uint8Array, addressLength: number): string | null | typeof INVALID {
  // LOCAL, and a family that is not specified: nobody knows where TLVs would begin. HAProxy skips these headers unread, too.
  if (addressLength === 0) return null;
  if (!hasValidTlvs(header, V2_PREFIX_LENGTH + addressLength)) return INVALID;
  const addresses = header.subarray(V2_PREFIX_LENGTH);
  const family = header[signature.length + 1];
  if (family === tcp4) return addresses.subarray(0, 4).join(".");
  if (family !== tcp6) return null;
  const groups = Array.from({ length: 8 }, (_, at) => (addresses[2 * at] ?? 0) * 256 + (addresses[2 * at + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(":");
}
