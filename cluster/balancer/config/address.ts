import { isIP, SocketAddress } from "node:net";
import type { Endpoint } from "../../listen.ts";

/** A mistake in the configuration that the user can mend: the message is one sentence that says what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads `host:port` or `[v6]:port`; throws a ConfigError. */
export function parseAddress(text: string): Endpoint {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/@]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const sound = host !== undefined && port <= 65_535 && (match?.[1] === undefined || isIP(host) === 6);
  if (!sound) throw new ConfigError(`'${text}' is not an address: write host:port, such as 127.0.0.1:5000`);
  return { host, port };
}

/** `host:port`, with brackets around an IPv6 host. */
export const formatAddress = ({ host, port }: Endpoint): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * The one spelling of an IP address: IPv6 is short and lower case, without a zone (RFC 5952), and an IPv4 address that
 * came mapped into it (`::ffff:10.0.0.1`) is plain IPv4. What is no IPv6 address stays as it is.
 */
export function normalizeIp(address: string): string {
  if (isIP(address) !== 6) return address;
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  return canonical.startsWith("::ffff:") && canonical.includes(".") ? canonical.slice(7) : canonical;
}

/** Whether a host (name or address, no port) stays on this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/** Whether a host to listen on means every interface. */
export const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::";
