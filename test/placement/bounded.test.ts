import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundedAccept, loadCap } from "../../src/placement/index.ts";
import { placed, servers, someKeys } from "./servers.ts";

describe("the cap", () => {
  test.each([
    [125, 100, 10, 13],
    [110, 100, 10, 11], // not 12, for all that 1.1 · 10 is over 11 in floating point
    [200, 1, 1000, 1],
  ])("at %i %% of %i requests on %i servers is %i", (percent, total, count, cap) => {
    expect(loadCap(percent, total, 1, count)).toBe(cap);
  });
});

describe("boundedAccept", () => {
  const up = (states: readonly boolean[]) => (member: number) => states[member] === true;

  test("keeps every server at or below the cap of those that are up, weights included, and never leaves a key out", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    const states = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(weights, states, fc.integer({ min: 101, max: 300 }), (given, someUp, percent) => {
        const members = servers(given.length).map((member, i) => ({ ...member, weight: given[i] ?? 1 }));
        const ring = placed(`ring:bounded=${percent},vnodes=1`, members);
        const accept = up(someUp.map((state, i) => state || i === 0));
        const taking = ring.members.flatMap(({ weight }, m) => (accept(m) ? weight : []));
        const sum = taking.reduce((total, weight) => total + weight, 0);
        const loads = ring.members.map(() => 0);
        someKeys(60).forEach((key, i) => {
          const owner = ring.select(key, accept, (m) => loads[m] ?? 0);
          expect(accept(owner)).toBe(true);
          loads[owner] = (loads[owner] ?? 0) + 1;
          expect(loads[owner]).toBeLessThanOrEqual(loadCap(percent, i + 1, ring.members[owner]?.weight ?? 0, sum));
        });
      }),
    );
  });

  test("counts the request to be placed, so that idle servers take one each", () => {
    const below = boundedAccept(servers(4), 125)(() => 0);
    expect([0, 1, 2, 3].map(below)).toEqual([true, true, true, true]);
  });
});

test("passes over a server at its cap to the next candidate, and is the plain ring without a load", () => {
  const [bounded, plain] = [placed("ring:bounded=125", servers(5)), placed("ring", servers(5))];
  const [first, second] = plain.candidates("k");
  expect(bounded.candidates("k")).toEqual(plain.candidates("k"));
  expect(bounded.select("k")).toBe(first);
  expect(bounded.select("k", undefined, () => 10)).toBe(first);
  expect(bounded.select("k", undefined, (member) => (member === first ? 20 : 10))).toBe(second);
});
