import { expect, test } from "vitest";
import { leastMoved, movedFigures } from "../../src/stats/moved.ts";

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
  expect(movedFigures(3, 4, 0.75)).toStrictEqual({ fromServers: 3, fraction: 0.75, ideal: 0.25, excess: 0.5 });
});

test("a new server that gets less than its share shows as less than nothing", () => {
  expect(movedFigures(3, 4, 0.04).excess).toBeCloseTo(-0.21, 12);
});
