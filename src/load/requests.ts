/** One request to send, and the key that the balancer should hash. */
export interface PlannedRequest {
  readonly method: "GET" | "POST";
  /** The request target. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** Null when the balancer makes the key itself and names it in its response (request-id). */
  readonly key: string | null;
}

/** The request number `index` of a burst: the same for the same index, so that a burst can be repeated. */
export type RequestSource = (index: number) => PlannedRequest;

/**
 * Requests that carry a key where the balancer looks for it (`--key` of `up`): the client address travels in
 * X-Forwarded-For, which the balancer believes from a trusted peer. With a body, requests are POSTs.
 */
export function keyedRequests(keyKind: string, keyOf: (index: number) => string, body: Buffer | null): RequestSource {
  const method = body === null ? "GET" : "POST";
  const place = carrier(keyKind);
  return (index) => {
    const key = keyOf(index);
    return { method, body, path: "/api", headers: {}, key, ...place(key) };
  };
}

type Placed = Partial<Pick<PlannedRequest, "path" | "headers" | "key">>;

function carrier(keyKind: string): (key: string) => Placed {
  // Of several, the first: the burst sends what it looks for.
  const [kind, name = ""] = (keyKind.split(",", 1)[0] ?? "").split(":");
  switch (kind) {
    case "client-ip":
      return (key) => ({ headers: { "x-forwarded-for": key } });
    case "path":
    case "uri":
      return (key) => asTarget(`/api/${encodeURIComponent(key)}`);
    case "header":
      return (key) => ({ headers: { [name.toLowerCase()]: key } });
    case "cookie":
      return (key) => ({ headers: { cookie: `${name}=${key}` } });
    case "query":
      return (key) => ({ path: `/api?${name}=${encodeURIComponent(key)}` });
    case "request-id":
      return () => ({ key: null });
    default:
      throw new Error(`no way to carry a key in ${keyKind}`);
  }
}

const asTarget = (path: string): Placed => ({ path, key: path });
