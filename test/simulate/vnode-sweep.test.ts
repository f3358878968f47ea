import { describe, expect, test } from "vitest";
import { hashes, parsePolicy } from "../../src/placement/index.ts";
import { hasVnodes, vnodeSweep } from "../../src/simulate/vnode-sweep.ts";

describe("spread against vnodes", () => {
  test("follows the closed form, at each number of vnodes", () => {
    const sweep = vnodeSweep(parsePolicy("ring:vnodes=7"), hashes.xxh64, 8, 500_000);
    expect(sweep.map(({ vnodes }) => vnodes)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    for (const { vnodes, cv, rings, usual, expectedCv } of sweep) {
      expect(expectedCv).toBeCloseTo(Math.sqrt(7 / (8 * vnodes + 1)), 12);
      expect(rings).toBe(30);
      // 30 rings of 8 servers: a standard error of some 7 %.
      expect(Math.abs(cv / (expectedCv ?? 0) - 1)).toBeLessThan(0.25);
      expect(usual?.low).toBeLessThan(cv);
      expect(usual?.high).toBeGreaterThan(cv);
    }
  });

  test("is of the keys where they land on few places, as far as there is room, and without luck the same on every ring", () => {
    const sweep = vnodeSweep(parsePolicy("classroom"), hashes.xxh64, 3, 500_000);
    expect(sweep.map(({ vnodes }) => vnodes)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(sweep.map(({ usual, expectedCv }) => [usual, expectedCv])).toEqual(sweep.map(() => [null, null]));
    expect(sweep[0]?.cv).toBeGreaterThan(1);
  });

  test("keeps to its budget: with many servers one ring, and no more vnodes than a ring has room for", () => {
    const sweep = vnodeSweep(parsePolicy("ring"), hashes.xxh64, 3000, 100_000);
    expect(sweep.map(({ vnodes, rings, usual }) => [vnodes, rings, usual]).at(-1)).toEqual([256, 1, null]);
  });
});

test("only rings whose load does not matter have vnodes to sweep", () => {
  const swept = ["ring", "ring:bounded=125", "classroom", "ketama", "maglev", "envoy-ring"].filter((policy) =>
    hasVnodes(parsePolicy(policy)),
  );
  expect(swept).toEqual(["ring", "classroom"]);
});
