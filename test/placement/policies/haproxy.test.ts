import { expect, test } from "vitest";
import { PlacementError } from "../../../src/placement/index.ts";
import { placed, servers } from "../servers.ts";

const addresses = ["127.0.0.1:81", "127.0.0.1:82", "127.1.2.3:80", "127.255.2.250:8080", "127.168.7.200:65535"];

// The server that HAProxy 3.5-dev5 chose for /k/0 … /k/79 in a back end with `balance uri whole`, `hash-type
// consistent` and these addresses as servers 1 to 5, `weight 1` to `weight 5`, each with `hash-key` as the option.
test.each([
  ["addr", "55545325425551435553525141544324424543435555335555544553435441554514545553543322"],
  ["addr-port", "53155542512545455535425541445433534534555453434543545453545345455313354233134434"],
])("agrees with hash-key %s of HAProxy 3", (key, expected) => {
  const members = addresses.map((address, i) => ({ name: `${i + 1}`, weight: i + 1, address }));
  const placement = placed(`haproxy:key=${key}`, members);
  const chosen = [...expected].map((_, i) => placement.members[placement.select(`/k/${i}`)]?.name);
  expect(chosen.join("")).toBe(expected);
});

test.each(["haproxy", "haproxy-map"])("refuses weights that HAProxy does not take (%s)", (policy) => {
  const weighing = (weight: number) => placed(policy, [{ name: "a", weight }]);
  expect(() => weighing(1.5)).toThrow(/weight of a is 1.5: haproxy takes whole numbers up to 256/);
  expect(() => weighing(257)).toThrow(PlacementError);
  expect(weighing(256).select("k")).toBe(0);
});

test("refuses to hash addresses that are not IPv4", () => {
  for (const address of ["[::1]:80", "host:80", "1.2.3.256:80", "1.2.3:80"]) {
    const members = [{ name: "a", weight: 1, address }];
    expect(() => placed("haproxy:key=addr", members)).toThrow(/The address of a is .*: haproxy hashes IPv4 addresses/);
    expect(placed("haproxy", members).select("k")).toBe(0);
  }
  expect(() => placed("haproxy:key=addr-port", servers(1))).toThrow(/The address of server-1 is server-1/);
});

test("refuses a map that would take too long to make", () => {
  const heavy = servers(10_000).map((member, i) => ({ ...member, weight: 255 + (i % 2) }));
  expect(() => placed("haproxy-map", heavy)).toThrow(/map would be too large/);
});
