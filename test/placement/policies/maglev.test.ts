import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { policies } from "../../../src/placement/index.ts";
import { fillTable } from "../../../src/placement/policies/maglev.ts";
import { cvOf, ownerOf, placed, servers, someKeys } from "../servers.ts";

describe("the paper's Table 1 (Eisenbud et al., NSDI 2016): M = 7", () => {
  const b0 = { offset: 3, skip: 4, weight: 1 };
  const b1 = { offset: 0, skip: 2, weight: 1 };
  const b2 = { offset: 3, skip: 1, weight: 1 };

  test("with B0, B1 and B2", () => {
    expect([...fillTable(7, [b0, b1, b2])]).toEqual([1, 0, 1, 0, 2, 2, 0]);
  });

  test("with B0 and B2 once B1 has left", () => {
    const names = [0, 2];
    expect([...fillTable(7, [b0, b2])].map((index) => names[index])).toEqual([0, 0, 0, 0, 2, 2, 2]);
  });
});

/** How many slots each of `count` servers owns. */
function slotsEach(owners: Uint16Array, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const owner of owners) counts[owner] = (counts[owner] ?? 0) + 1;
  return counts;
}

test.each([65_537, 655_373])("gives each of 1000 servers ⌊M/N⌋ or ⌈M/N⌉ of %i slots", (size) => {
  const preferences = servers(1000).map((_, i) => ({
    offset: (i * 7919) % size,
    skip: 1 + ((i * 104_729) % (size - 1)),
    weight: 1,
  }));
  const counts = slotsEach(fillTable(size, preferences), 1000);
  expect(new Set(counts)).toEqual(new Set([Math.floor(size / 1000), Math.ceil(size / 1000)]));
  expect(cvOf(counts)).toBeCloseTo(policies.maglev.expectedCv?.(1000, { size }) ?? Number.NaN, 9);
});

test("shares slots by weight to within one turn, whatever the preferences", () => {
  const size = 1009;
  const preference = fc.record({
    offset: fc.integer({ min: 0, max: size - 1 }),
    skip: fc.integer({ min: 1, max: size - 1 }),
    weight: fc.integer({ min: 1, max: 10 }),
  });
  fc.assert(
    fc.property(fc.array(preference, { minLength: 1, maxLength: 10 }), (preferences) => {
      const counts = slotsEach(fillTable(size, preferences), preferences.length);
      const sum = preferences.reduce((total, { weight }) => total + weight, 0);
      const heaviest = Math.max(...preferences.map(({ weight }) => weight));
      // In the last, unfinished round each server is at most about one turn ahead or behind.
      preferences.forEach(({ weight }, i) => {
        const share = (size * weight) / sum;
        expect(Math.abs((counts[i] ?? 0) - share)).toBeLessThanOrEqual(1 + preferences.length * (weight / heaviest));
      });
    }),
  );
});

test("keeps servers that own no slot as the last candidates", () => {
  const heavy = servers(6).map((member, i) => ({ ...member, weight: i === 0 ? 1000 : 1 }));
  const placement = placed("maglev:size=7", heavy);
  const order = placement.candidates("k");
  expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  const last = order.at(-1);
  expect(placement.select("k", (member) => member === last)).toBe(last);
});

test("refuses a table with fewer slots than servers", () => {
  expect(() => placed("maglev:size=5", servers(6))).toThrow(/5 slots, fewer than its 6 servers: give a prime size/);
  expect(placed("maglev:size=5", servers(5)).candidates("k")).toHaveLength(5);
});

// Keys of surviving servers that move when k of 1000 leave: about 0.6 % and 2.3 % of the table.
test.each([
  [1, 0.003, 0.01],
  [10, 0.015, 0.03],
])("moves few keys between survivors when %i of 1000 servers leave", (k, least, most) => {
  const keys = someKeys(50_000);
  const [before, after] = [placed("maglev", servers(1000)), placed("maglev", servers(1000).slice(k))];
  const left = new Set(servers(k).map(({ name }) => name));
  const excess = keys.filter((key) => {
    const owner = ownerOf(before, key) ?? "";
    return !left.has(owner) && owner !== ownerOf(after, key);
  });
  expect(excess.length / keys.length).toBeGreaterThan(least);
  expect(excess.length / keys.length).toBeLessThan(most);
});
