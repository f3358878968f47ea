import { expect, test } from "vitest";
import { policies } from "../../../src/placement/index.ts";
import { countKeys, placed, servers, someKeys } from "../servers.ts";

/**
 * Made by this Python, which follows libketama's description and not this code (struct packs to single precision):
 *   f32 = lambda x: struct.unpack("f", struct.pack("f", x))[0]
 *   for name, weight in servers:
 *     for k in range(math.floor(f32(f32(weight / total) * 40.0 * len(servers)))):
 *       digest = hashlib.md5(f"{name}-{k}".encode()).digest()
 *       ring += [(int.from_bytes(digest[h * 4 : h * 4 + 4], "little"), name) for h in range(4)]
 *   ring.sort()
 *   hashed = int.from_bytes(hashlib.md5(key.encode()).digest()[:4], "little")
 *   ring[bisect.bisect_left(ring, (hashed, "")) % len(ring)]
 */
const addresses = ["10.0.1.1:11211", "10.0.1.2:11211", "10.0.1.3:11211", "10.0.1.4:11211"];

const many = Array.from({ length: 10_000 }, (_, i) => `key-${i}`);

test.each([
  [[1, 1, 1, 1], [2503, 2232, 2457, 2808], "222223233102001220330313001303300211112023221020323110133303"],
  [[600, 300, 200, 350], [4333, 1972, 996, 2699], "220003033102001120300303000300300210112020131020300130103303"],
])("places keys as libketama does with weights %j", (weights, counts, owners) => {
  const placement = placed(
    "ketama",
    addresses.map((name, i) => ({ name, weight: weights[i] ?? 1 })),
  );
  expect(
    many
      .slice(0, 60)
      .map((key) => placement.select(key))
      .join(""),
  ).toBe(owners);
  expect(countKeys(placement, many)).toEqual(counts);
});

test("gives a server whose share is under one digest no keys but those of the others when they are down", () => {
  const placement = placed("ketama", [...servers(3), { name: "tiny", weight: 0.01 }]);
  expect(countKeys(placement, someKeys(5000))[3]).toBe(0);
  expect(placement.select("k", (member) => member === 3)).toBe(3);
});

test("expects the spread of a ring of 160 points", () => {
  expect(policies.ketama.expectedCv?.(3, {})).toBe(policies.ring.expectedCv?.(3, { vnodes: 160 }));
});
