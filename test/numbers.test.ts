import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { serverCounts } from "../src/numbers.ts";

describe("serverCounts", () => {
  test.each([
    ["3", [3]],
    ["2..6", [2, 3, 4, 5, 6]],
    ["2,4,8", [2, 4, 8]],
    ["8,2..4,3", [2, 3, 4, 8]],
    ["5..5", [5]],
    ["1,2,4,…,8", [1, 2, 4, 8]],
    ["1,2,4,...,8", [1, 2, 4, 8]],
    ["1,3,5,…,9,10", [1, 3, 5, 7, 9, 10]],
    ["1,2,3,…,6", [1, 2, 3, 4, 5, 6]],
    ["1,2,4,…,8,10", [1, 2, 4, 8, 10]],
  ])("%s", (text, counts) => expect(serverCounts(text, 10)).toEqual(counts));

  test.each([
    "",
    "0",
    "6..2",
    "0..3",
    "1..11",
    "1.5",
    "-2",
    "2...4",
    "2..",
    "a",
    "1,,2",
    "99999999999999999999",
    "1,2,4,…",
  ])("refuses %j", (text) => expect(() => serverCounts(text, 10)).toThrow(/--servers|backwards/));

  test.each(["2,4,…,8", "1,2,4,…,9", "1,2,4,…,3", "1,2,5,…,8", "3,2,1,…,8", "…,8"])("refuses the gap in %j", (text) =>
    expect(() => serverCounts(text, 10)).toThrow(/…/),
  );

  test("any list comes back ascending and once each", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (counts) => {
        expect(serverCounts(counts.join(","), 500)).toEqual([...new Set(counts)].sort((a, b) => a - b));
      }),
    );
  });
});
