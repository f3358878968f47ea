import fc from "fast-check";
import { expect, test } from "vitest";
import { remainder64 } from "../../../src/placement/envoy-key.ts";
import type { Member } from "../../../src/placement/index.ts";
import { buildTable, slotOfTry } from "../../../src/placement/policies/envoy-maglev.ts";

// The tables are those of Envoy's unit test, test/extensions/load_balancing_policies/maglev/maglev_lb_test.cc.

const hosts = (weights: readonly number[]): Member[] =>
  weights.map((weight, i) => ({ name: `${90 + i}`, weight, address: `127.0.0.1:${90 + i}` }));
const six = hosts([1, 1, 1, 1, 1, 1]);

test.each([
  ["Basic", six, 7, 0, [2, 4, 0, 1, 5, 0, 3]],
  ["BasicWithHostName", six, 7, 1, [2, 5, 0, 3, 4, 1, 0]],
  ["Weighted", hosts([1, 2]), 17, 0, [1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]],
  // There, 1:1 and 8:2 are weights of localities with one host each.
  ["LocalityWeightedSameLocalityWeights", hosts([1, 1]), 17, 0, [1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1]],
  [
    "LocalityWeightedDifferentLocalityWeights",
    hosts([8, 2]),
    17,
    0,
    [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0],
  ],
])("fills the table of Envoy's %s case", (_case, members, size, host, expected) => {
  expect([...buildTable(members, { size, host })]).toEqual(expected);
});

test("fills the same table in whatever order the hosts come, as Envoy's BasicStability case", () => {
  const backwards = six.toReversed();
  const named = (members: Member[]) =>
    Array.from(buildTable(members, { size: 65_537, host: 0 }), (m) => members[m]?.name);
  expect(named(backwards)).toEqual(named(six));
});

test("tries the slots of Envoy's BasicWithRetryHostPredicate case", () => {
  const table = buildTable(six, { size: 7, host: 0 });
  expect([0, 1, 2].map((tried) => table[slotOfTry(0, 10, tried, 7)])).toEqual([1, 0, 5]);
});

test("looks at the slot of all 64 bits", () => {
  const half = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const size = fc.constantFrom(2, 7, 65_537, 655_373, 5_000_011);
  fc.assert(
    fc.property(half, half, size, fc.integer({ min: 1, max: 5_000_011 }), (high, low, divisor, tried) => {
      const hash = (BigInt(high) << 32n) | BigInt(low);
      expect(remainder64(high, low, divisor)).toBe(Number(hash % BigInt(divisor)));
      const retried = hash ^ BigInt.asUintN(64, -BigInt(tried));
      expect(slotOfTry(high, low, tried, divisor)).toBe(Number(retried % BigInt(divisor)));
    }),
  );
});
