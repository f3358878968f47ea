import { describe, expect, test } from "vitest";
import { type Hash, policies } from "../../../src/placement/index.ts";
import { countKeys, cvOf, placed, servers, someKeys } from "../servers.ts";

const named = (...names: string[]) => names.map((name) => ({ name, weight: 1 }));

/** "12" and "12#0" are both 12: a ring that can be read. */
const toyHash: Hash = {
  name: "toy",
  bits: 32,
  hash: (bytes, length) => Number.parseInt(new TextDecoder().decode(bytes.subarray(0, length)), 10),
};
const constantHash: Hash = { name: "constant", bits: 32, hash: () => 5 };

describe("a ring of points 12, 24 and 36", () => {
  const ring = policies.ring.build(named("12", "24", "36"), toyHash, { vnodes: 1 });

  test.each([
    ["0", [0, 1, 2]],
    ["12", [0, 1, 2]], // inclusive
    ["13", [1, 2, 0]],
    ["25", [2, 0, 1]],
    ["36", [2, 0, 1]],
    ["37", [0, 1, 2]], // round to the start
    ["4294967295", [0, 1, 2]],
  ])("takes key %s clockwise", (key, order) => {
    expect(ring.candidates(key)).toEqual(order);
    expect(ring.select(key)).toBe(order[0]);
  });
});

test("breaks ties by name", () => {
  const ring = policies.ring.build(named("a", "b", "c"), constantHash, { vnodes: 4 });
  expect(ring.candidates("k")).toEqual([0, 1, 2]);
});

test("keeps the vnodes of server-1 and server-11 apart", () => {
  const ring = placed("ring:vnodes=20", named("server-1", "server-11"));
  expect(Math.min(...countKeys(ring, someKeys(2000)))).toBeGreaterThan(400);
});

test("gives a server of a small weight one point at least", () => {
  const ring = placed("ring", [...servers(3), { name: "small", weight: 1e-9 }]);
  expect(ring.candidates("k")).toHaveLength(4);
});

test("refuses weights that would ask for more memory than is sane", () => {
  const heavy = servers(2).map((member) => ({ ...member, weight: 1e6 }));
  expect(() => placed("ring", heavy)).toThrow(/320000000 points, over 4194304: lower vnodes or the weights/);
});

// The standard errors of the jump-hash paper's table 1 (Lamping and Veach, 2014), for many servers.
test.each([
  [1, 0.9979],
  [10, 0.3152],
  [100, 0.0997],
])("spreads keys over 1000 servers of %i vnodes with a cv near %f", (vnodes, published) => {
  const ring = placed(`ring:vnodes=${vnodes}`, servers(1000));
  const keys = someKeys(200_000);
  // Counting keys adds the noise of a perfect placement to the spread of the shares.
  const expected = Math.sqrt(published ** 2 + 999 / keys.length);
  expect(Math.abs(cvOf(countKeys(ring, keys)) / expected - 1)).toBeLessThan(0.08);
  expect(policies.ring.expectedCv?.(1000, { vnodes })).toBeCloseTo(published, 2);
});

test.each([
  [9, 0.267],
  [160, 0.0645],
])("expects the closed form's cv of three servers of %i vnodes, %f", (vnodes, cv) => {
  expect(policies.ring.expectedCv?.(3, { vnodes })).toBeCloseTo(cv, 3);
});
