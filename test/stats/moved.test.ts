import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leastMoved, leastMovedByWeight, movedFigures } from "../../src/stats/moved.ts";

test.each([
  [3, 4, 1 / 4],
  [4, 3, 1 / 4],
  [2, 8, 3 / 4],
  [5, 5, 0],
  [0, 3, 1],
  [3, 0, 1],
  [0, 0, 0],
])("from %i to %i servers at least %f of the keys move", (from, to, least) => {
  expect(leastMoved(from, to)).toBeCloseTo(least, 12);
});

test("modulo's step from 3 to 4 moves three quarters, half of the keys for nothing", () => {
  expect(movedFigures(3, leastMoved(3, 4), 0.75)).toStrictEqual({
    fromServers: 3,
    fraction: 0.75,
    ideal: 0.25,
    excess: 0.5,
  });
});

test("a new server that gets less than its share shows as less than nothing", () => {
  expect(movedFigures(3, leastMoved(3, 4), 0.04).excess).toBeCloseTo(-0.21, 12);
});

describe("by weight", () => {
  const servers = (weights: readonly number[]) => new Map(weights.map((weight, i) => [`server-${i + 1}`, weight]));

  test("equal servers are as those without weights", () => {
    const size = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 9 }), (from, to, weight) => {
        const [before, after] = [servers(Array(from).fill(weight)), servers(Array(to).fill(weight))];
        expect(leastMovedByWeight(before, after)).toBeCloseTo(leastMoved(from, to), 12);
      }),
    );
  });

  test("a server that doubles its weight must gain what it then has more", () => {
    expect(leastMovedByWeight(servers([1, 1]), servers([2, 1]))).toBeCloseTo(2 / 3 - 1 / 2, 12);
  });

  test("with no server left in common everything moves", () => {
    expect(leastMovedByWeight(new Map([["a", 3]]), new Map([["b", 1]]))).toBe(1);
  });
});
