import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../cluster/balancer/config/address.ts";
import { clientAddress, parseTrustedProxies } from "../../cluster/balancer/config/trusted-proxies.ts";
import { ask, json, member, servedBy, startFor, startHttp, startServers } from "./harness.ts";

describe("the client's address", () => {
  const trust = parseTrustedProxies(["loopback", "10.0.0.0/8", "2001:db8::/32"]);

  test.each([
    ["203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["127.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"],
    ["::1", "6.6.6.6,2001:4860::1,2001:db8::7", "2001:4860::1"],
    ["127.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"],
    ["127.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"],
    ["127.0.0.1", "::FFFF:102:304", "1.2.3.4"],
    ["127.0.0.1", "2001:4860:0::0:0001", "2001:4860::1"],
    ["127.0.0.1", "2001:4860::AB", "2001:4860::ab"],
    ["127.0.0.1", "fe80:0::1%eth0", "fe80::1"],
    ["127.0.0.1", "1.2.3.4:5678", "1.2.3.4"],
    ["127.0.0.1", "[2001:4860::1]:80", "2001:4860::1"],
    ["127.0.0.1", "1.2.3.4, unknown, 10.2.2.2", "10.2.2.2"],
    ["127.0.0.1", "", "127.0.0.1"],
  ])("of %s that speaks for %j is %s", (peer, forwarded, client) => {
    expect(clientAddress(peer, forwarded, trust)).toBe(client);
  });

  test("never depends on what an untrusted peer says", () => {
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), (forwarded, peer) => {
        expect(clientAddress(peer, forwarded, parseTrustedProxies([]))).toBe(peer);
      }),
    );
  });

  test("never depends on what stands left of the first hop that is not trusted", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.string())), (forged) => {
        expect(clientAddress("127.0.0.1", [...forged, "192.0.2.1", "10.0.0.1"].join(","), trust)).toBe("192.0.2.1");
      }),
    );
  });

  test.each(["10.0.0.0/33", "10.0.0/8", "::1/129", "localhost", "10.0.0.0/", "10.0.0.0/8/8", ""])(
    "cannot be trusted to %j",
    (word) => expect(() => parseTrustedProxies([word])).toThrow(ConfigError),
  );
});

describe("16: X-Forwarded-*", () => {
  /** What the server sees of a request with these fields. */
  async function seen(trust: string[], headers: Record<string, string>): Promise<Record<string, string>> {
    const port = await startHttp((request, response) => response.end(JSON.stringify(request.headers)));
    const balancer = await startFor([member("a", port)], { trust });
    return json(await ask(balancer.port, { path: "/x", headers: { host: "h.example", ...headers } }));
  }

  const claims = {
    "x-forwarded-for": "1.2.3.4",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "real.example",
    "x-real-ip": "1.2.3.4",
    forwarded: "for=1.2.3.4",
    x_forwarded_for: "1.2.3.4",
    "x_real-ip": "1.2.3.4",
  };
  const own = { "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-host": "h.example" };

  test("from an untrusted peer are replaced, aliases included", async () => {
    const headers = await seen([], claims);
    expect(headers).toMatchObject(own);
    expect(JSON.stringify(headers)).not.toContain("1.2.3.4");
  });

  test("from a trusted peer are kept and appended to", async () => {
    expect(await seen(["loopback"], claims)).toMatchObject({
      "x-forwarded-for": "1.2.3.4, 127.0.0.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "real.example",
      "x-real-ip": "1.2.3.4",
      forwarded: "for=1.2.3.4",
    });
  });

  test("are there for a client that says nothing", async () => {
    expect(await seen(["loopback"], {})).toMatchObject(own);
  });
});

describe("43: forged addresses", () => {
  const addresses = Array.from({ length: 40 }, (_, index) => `10.1.2.${index}`);
  const servers = async (trust: string[]): Promise<number> => {
    const balancer = await startFor(await startServers(3), { trust });
    const replies = await Promise.all(
      addresses.map((address) => ask(balancer.port, { headers: { "x-forwarded-for": address } })),
    );
    return new Set(replies.map(servedBy)).size;
  };

  test("move no key from an untrusted peer", async () => expect(await servers([])).toBe(1));
  test("are many clients from a trusted one", async () => expect(await servers(["127.0.0.1"])).toBe(3));
});
