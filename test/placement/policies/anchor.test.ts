import { describe, expect, test } from "vitest";
import { hashes, PlacementError } from "../../../src/placement/index.ts";
import { hashText } from "../../../src/placement/key.ts";
import { createAnchor } from "../../../src/placement/policies/anchor.ts";
import { countKeys, ownerOf, placed, servers, someKeys } from "../servers.ts";

const keys = someKeys(20_000);

describe("an anchor", () => {
  const hashed = keys.map((key) => hashText(hashes.xxh64, key));

  test("gives removed buckets nothing, shares their keys out evenly and moves no others, in whatever order they go", () => {
    const anchor = createAnchor(20);
    const working = new Set(Array.from({ length: 20 }, (_, b) => b));
    let before = hashed.map(anchor.bucketOf);
    for (const bucket of [7, 3, 19, 0, 12, 8, 11, 1, 18, 5, 4, 17]) {
      anchor.remove(bucket);
      working.delete(bucket);
      const after = hashed.map(anchor.bucketOf);
      expect(after.every((is, i) => working.has(is) && (is === before[i] || before[i] === bucket))).toBe(true);
      const mean = keys.length / working.size;
      const counts = [...working].map((b) => after.filter((is) => is === b).length);
      // χ² with at most 18 degrees of freedom passes 42.3 once in a thousand by chance; the keys are fixed.
      expect(counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)).toBeLessThan(42.3);
      before = after;
    }
  });
});

/** The keys that move between servers that are there before and after, as a part of all. */
function excessOf(from: readonly number[], to: readonly number[]): number {
  const named = (ids: readonly number[]) => ids.map((id) => ({ name: `server-${id}`, weight: 1 }));
  const [before, after] = [placed("anchor", named(from)), placed("anchor", named(to))];
  const stay = new Set(from.filter((id) => to.includes(id)).map((id) => `server-${id}`));
  const excess = keys.filter((key) => {
    const [was, is] = [ownerOf(before, key) ?? "", ownerOf(after, key) ?? ""];
    return was !== is && stay.has(was) && stay.has(is);
  });
  return excess.length / keys.length;
}

test.each([
  ["the last", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ["one from the middle", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [1, 2, 3, 5, 6, 7, 8, 9, 10]],
  ["the next from below the first gap", [1, 2, 3, 5, 6, 7, 8, 9, 10], [1, 3, 5, 6, 7, 8, 9, 10]],
])("moves no key between those that stay when %s leaves", (_which, from, to) => {
  expect([excessOf(from, to), excessOf(to, from)]).toEqual([0, 0]);
});

test("moves at most about the part that a lower gap hands out", () => {
  const part = excessOf([1, 2, 4, 5, 6, 7, 8, 9, 10], [1, 2, 4, 5, 6, 7, 9, 10]);
  expect(part).toBeGreaterThan(0);
  expect(part).toBeLessThan(1 / 9);
});

test("is even, with names that have no numbers too", () => {
  for (const members of [servers(10), "abcdefghij".split("").map((name) => ({ name, weight: 1 }))]) {
    const counts = countKeys(placed("anchor", members), keys);
    // χ² with 9 degrees of freedom, one in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(27.9);
  }
});

test("has room for its capacity and says so", () => {
  expect(placed("anchor:capacity=4", servers(4)).candidates("k")).toHaveLength(4);
  expect(() => placed("anchor:capacity=4", servers(5))).toThrow(PlacementError);
  expect(() => placed("anchor:capacity=4", servers(5))).toThrow(/room for 4 servers and there are 5: take anchor:cap/);
});
