import { describe, expect, test } from "vitest";
import type { Placement } from "../../../src/placement/index.ts";
import { countKeys, cvOf, placed, servers, someKeys } from "../servers.ts";

const loadsOf = (loads: readonly number[]) => (member: number) => loads[member] ?? 0;
const choices = (placement: Placement, loads: readonly number[], count: number): number[] =>
  Array.from({ length: count }, () => placement.select("k", undefined, loadsOf(loads)));

describe("least-connections", () => {
  test("takes the least loaded, and in turn where some are", () => {
    expect(choices(placed("least-connections", servers(4)), [3, 1, 2, 1], 4)).toEqual([1, 3, 1, 3]);
  });

  test("weighs the load", () => {
    const members = [1, 3].map((weight, i) => ({ name: `s${i}`, weight }));
    // (2+1)/1 over (5+1)/3
    expect(choices(placed("least-connections", members), [2, 5], 2)).toEqual([1, 1]);
    expect(choices(placed("least-connections", members), [0, 5], 2)).toEqual([0, 0]);
  });

  test("takes the least loaded of those that are up", () => {
    const placement = placed("least-connections", servers(3));
    expect(placement.select("k", (member) => member !== 1, loadsOf([5, 0, 4]))).toBe(2);
  });
});

describe("p2c", () => {
  test("takes the less loaded of two, so that the most loaded of three has nothing", () => {
    const chosen = choices(placed("p2c", servers(3)), [0, 5, 9], 1000);
    expect(new Set(chosen)).toEqual(new Set([0, 1]));
    // Two of the three pairs have the first.
    expect(chosen.filter((member) => member === 0).length / 1000).toBeCloseTo(2 / 3, 1);
  });

  test("compares only servers that are up", () => {
    const placement = placed("p2c", servers(3));
    const up = (member: number): boolean => member !== 0;
    for (let i = 0; i < 100; i++) expect(placement.select("k", up, loadsOf([0, 5, 9]))).toBe(1);
    expect(placement.select("k", () => false, loadsOf([0, 5, 9]))).toBe(-1);
  });

  test("looks at every server with as many choices", () => {
    expect(new Set(choices(placed("p2c:choices=100", servers(20)), [...servers(20).keys()], 50))).toEqual(new Set([0]));
  });

  test("shares far more evenly than random", () => {
    const keys = someKeys(20_000);
    const [two, one] = [placed("p2c", servers(100)), placed("random", servers(100))];
    expect(cvOf(countKeys(two, keys)) * 10).toBeLessThan(cvOf(countKeys(one, keys)));
  });
});

describe("random", () => {
  const draws = (policy: string) => someKeys(1000).map((key) => drawn[policy]?.select(key));
  const drawn = Object.fromEntries(
    ["random", "random:seed=1", "random:seed=2"].map((policy) => [policy, placed(policy, servers(10))]),
  );

  test("draws the same series for the same seed, and another for another", () => {
    const [series, same, other] = [draws("random"), draws("random:seed=1"), draws("random:seed=2")];
    expect(same).toEqual(series);
    expect(other?.filter((member, i) => member === series[i]).length).toBeLessThan(200);
  });
});
