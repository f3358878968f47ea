import { describe, expect, test } from "vitest";
import { ConfigError } from "../../cluster/balancer/config/address.ts";
import { formatHashKey, parseHashKey } from "../../cluster/balancer/config/hash-key.ts";
import { parseHash } from "../../src/placement/index.ts";
import { type Ask, ask, control, json, servedBy, startFor, startServers } from "./harness.ts";

const texts = [
  "client-ip",
  "path",
  "uri",
  "request-id",
  "header:X-User",
  "cookie:sid",
  "query:user",
  "header:X-User,cookie:sid,path",
];

test.each(texts)("%s is written as it is read", (text) => {
  expect(formatHashKey(parseHashKey(text))).toBe(text);
});

test.each(["", "client", "header", "header:", "cookie:a b", "header:a:b", "path:x", "query:a=b"])(
  "%j is no key, and the message says what is",
  (text) => {
    expect(() => parseHashKey(text)).toThrow(ConfigError);
    expect(() => parseHashKey(text)).toThrow(/client-ip.*header:NAME/);
  },
);

test.each([
  ["client-ip,path", /client-ip is never missing/],
  ["header:a,request-id", /request-id .* stands alone/],
  ["header:a,,path", /choose one of/],
])("%j is no list of keys", (text, message) => {
  expect(() => parseHashKey(text)).toThrow(message);
});

const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");

const asks: [string, string, Ask][] = [
  ["client-ip", "127.0.0.1", { path: "/data/x?y" }],
  ["path", "/api/x", { path: "/api/x?y=z" }],
  ["uri", "/api/x?y=z", { path: "/api/x?y=z" }],
  ["header:X-User", "ann", { headers: { "x-user": "ann" } }],
  ["header:X-User", "127.0.0.1", {}],
  ["header:constructor", "127.0.0.1", {}],
  // Node writes the characters of a field's value a byte each.
  ["header:X-User", "Zoë 東京", { headers: { "x-user": bytesOf("Zoë 東京") } }],
  ["cookie:sid", "é", { headers: { cookie: `sid=${bytesOf("é")}` } }],
  ["header:X-User", "caf\xe9", { headers: { "x-user": "caf\xe9" } }],
  ["cookie:sid", "s 1=", { headers: { cookie: "other=1; sid=s 1=; sid=2" } }],
  ["cookie:sid", "127.0.0.1", { headers: { cookie: "xsid=1" } }],
  ["query:user", "a%20b", { path: "/data?x=1&user=a%20b&user=c" }],
  ["query:user", "127.0.0.1", { path: "/data?user=" }],
  ["query:user", "127.0.0.1", { path: "/data" }],
  ["header:X-User,cookie:sid,path", "ann", { headers: { "x-user": "ann", cookie: "sid=7" } }],
  ["header:X-User,cookie:sid,path", "7", { headers: { cookie: "sid=7" } }],
  ["header:X-User,cookie:sid,path", "/data", { path: "/data?x" }],
  ["header:X-User,cookie:sid", "127.0.0.1", {}],
];

test("44: who does not know the key of siphash cannot tell whose server a key has", async () => {
  const members = await startServers(2);
  const owners = async (hash: string): Promise<string[]> => {
    const balancer = await startFor(members, { hash: parseHash(hash), key: parseHashKey("uri") });
    const paths = Array.from({ length: 40 }, (_, at) => `/data/${at}`);
    return (await Promise.all(paths.map((path) => ask(balancer.port, { path })))).map(servedBy);
  };
  const [known, own] = await Promise.all([owners("siphash"), owners(`siphash:${"5ec7e75ec7e75ec7".repeat(2)}`)]);
  expect(own).not.toEqual(known);
  expect(new Set(own)).toEqual(new Set(known));
});

describe("the server of a request", () => {
  test.each(asks)("by %s is that of the key %j", async (text, key, request) => {
    const balancer = await startFor(await startServers(5), { key: parseHashKey(text) });
    const reply = await control(balancer, "GET", `/v1/placement?key=${encodeURIComponent(key)}`);
    const { candidates } = json(reply);
    expect(candidates).toHaveLength(5);
    expect(servedBy(await ask(balancer.port, request))).toBe(candidates[0]);
  });

  test("by request-id is that of the six-digit number that the client is told", async () => {
    const balancer = await startFor(await startServers(3), { key: parseHashKey("request-id") });
    const replies = await Promise.all(Array.from({ length: 30 }, () => ask(balancer.port)));
    for (const reply of replies) {
      const key = String(reply.headers["x-request-id"]);
      expect(key).toMatch(/^[1-9]\d{5}$/);
      const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${key}`));
      expect(servedBy(reply)).toBe(candidates[0]);
    }
    expect(new Set(replies.map((reply) => reply.headers["x-request-id"])).size).toBeGreaterThan(1);
  });
});
