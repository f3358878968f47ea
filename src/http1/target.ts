/** The target of a request in origin-form (or `*`), and the authority that an absolute-form target names. */
export interface Target {
  readonly path: string;
  readonly authority: string | null;
}

/**
 * Reads a request target in any form but that of CONNECT (RFC 9112, 3.2). Returns null when it is invalid. Nothing is
 * decoded or normalized, so that the server gets the target as its client sent it.
 */
export function parseTarget(method: string, target: string): Target | null {
  if (target.startsWith("/")) return { path: target, authority: null };
  if (target === "*") return method === "OPTIONS" ? { path: "*", authority: null } : null;
  const match = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i.exec(target);
  const [, authority, rest] = match ?? [];
  if (authority === undefined || !isHost(authority)) return null;
  // RFC 9112, 3.2.4: an absolute target without a path is the whole server to OPTIONS.
  if (rest === undefined) return { path: method === "OPTIONS" ? "*" : "/", authority };
  return { path: rest.startsWith("/") ? rest : `/${rest}`, authority };
}

/** A name, an IPv4 address, or an IP literal in brackets, and a port (RFC 3986, 3.2.2). */
const host =
  /^(?:\[(?:[0-9a-fA-F:.]+|v[0-9a-fA-F]+\.[\w.~!$&'()*+,;=:-]+)\]|(?:[\w.~!$&'()*+;=-]|%[0-9a-fA-F]{2})+)(?::\d{0,5})?$/;
const plainHost = /^[0-9A-Za-z.-]+(?::\d{1,5})?$/;

/** Whether the value of a `Host` field names a host. RFC 3986 allows a comma in a name; here it is invalid, as it rather joins two names. */
export const isHost = (value: string): boolean => plainHost.test(value) || host.test(value);
