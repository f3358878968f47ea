import { existsSync, readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { ConfigError, normalizeIp } from "./address.ts";

/** Whose word counts about where a request came from. */
export interface TrustedProxies {
  /** `address` is a normalized IP address. */
  trusts(address: string): boolean;
}

/**
 * Compiles a list of addresses, CIDR blocks and the words `loopback` and `gateway` (the default route's gateway: where
 * the host's own traffic seems to come from inside a container). Throws a ConfigError.
 */
export function parseTrustedProxies(words: readonly string[]): TrustedProxies {
  if (words.length === 0) return { trusts: () => false };
  const list = new BlockList();
  for (const word of words) allow(list, word);
  return { trusts: (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") };
}

function allow(list: BlockList, word: string): void {
  if (word === "loopback") {
    list.addSubnet("127.0.0.0", 8, "ipv4");
    list.addAddress("::1", "ipv6");
  } else if (word === "gateway") list.addAddress(defaultGateway(), "ipv4");
  else allowBlock(list, word);
}

function allowBlock(list: BlockList, word: string): void {
  const [address = "", prefix, ...rest] = word.split("/");
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const bits = prefix === undefined ? longest : Number(prefix);
  if (family === 0 || rest.length > 0 || prefix?.trim() === "" || !Number.isInteger(bits) || bits < 0 || bits > longest)
    throw new ConfigError(
      `'${word}' is not trusted so: write an address, a block such as 10.0.0.0/8, loopback or gateway`,
    );
  list.addSubnet(address, bits, family === 6 ? "ipv6" : "ipv4");
}

/** The gateway of the route to 0.0.0.0, which the kernel shows as hexadecimal in host byte order (little-endian). */
function defaultGateway(): string {
  const table = "/proc/net/route";
  const lines = existsSync(table) ? readFileSync(table, "latin1").split("\n").slice(1) : [];
  const fields = lines.map((line) => line.split("\t")).find(([, to, via]) => to === "00000000" && via !== "00000000");
  if (fields?.[2] === undefined)
    throw new ConfigError("'gateway' cannot be trusted because this machine has no default route: name an address");
  return Buffer.from(fields[2], "hex").reverse().join(".");
}

/**
 * The client's address: the peer's, unless the peer is trusted and says for whom it speaks. `forwarded`
 * (`X-Forwarded-For`) is read from the right over trusted hops to the first that is not; what is no address ends it.
 */
export function clientAddress(peer: string, forwarded: string | undefined, trust: TrustedProxies): string {
  if (forwarded === undefined || !trust.trusts(peer)) return peer;
  let client = peer;
  for (const hop of forwarded.split(",").reverse()) {
    const address = hopAddress(hop.trim());
    if (isIP(address) === 0) return client;
    client = address;
    if (!trust.trusts(address)) return client;
  }
  return client;
}

/** Some proxies write `1.2.3.4:5678` or `[::1]:80`. */
function hopAddress(hop: string): string {
  const match = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(hop);
  return normalizeIp(match?.[1] ?? match?.[2] ?? hop);
}
