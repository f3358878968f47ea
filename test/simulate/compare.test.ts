import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare } from "../../src/simulate/compare.ts";
import { parseScenario } from "../../src/study/scenario.ts";
import { countedKeys, uniformKeys, zipfKeys } from "../../src/workload/weighted-keys.ts";

describe("compare", () => {
  test("with itself nothing moves", async () => {
    const { placement } = parseScenario("ring@5");
    const found = await compare(placement, placement, uniformKeys(10_000, 1));
    expect(found).toMatchObject({ keys: 10_000, movedKeys: 0, movedRequests: 0 });
    for (const { keys } of found.servers) expect(keys).toMatchObject({ gained: 0, lost: 0, after: keys.before });
  });

  test("one more server of a ring gains what the others lose, and nothing else moves", async () => {
    const found = await compare(
      parseScenario("ring@4").placement,
      parseScenario("ring@5").placement,
      uniformKeys(50_000, 1),
    );
    const fresh = found.servers.find(({ name }) => name === "server-5");
    expect(fresh?.keys).toMatchObject({ before: 0, lost: 0, gained: found.movedKeys, after: found.movedKeys });
    for (const { name, keys } of found.servers) if (name !== "server-5") expect(keys.gained).toBe(0);
  });

  test("what it counts adds up, whatever the placements and the keys", async () => {
    const policy = fc.constantFrom("ring", "maglev", "modulo", "rendezvous", "ring/crc32");
    const size = fc.integer({ min: 1, max: 7 });
    await fc.assert(
      fc.asyncProperty(policy, policy, size, size, fc.integer({ min: 1, max: 500 }), async (a, b, n, m, count) => {
        const keys = zipfKeys(count, 1000, 1.1, 7);
        const found = await compare(parseScenario(`${a}@${n}`).placement, parseScenario(`${b}@${m}`).placement, keys);
        const sum = (of: (server: (typeof found.servers)[number]) => number) =>
          found.servers.reduce((total, server) => total + of(server), 0);
        expect(sum(({ keys: { before } }) => before)).toBe(count);
        expect(sum(({ keys: { after } }) => after)).toBe(count);
        expect(sum(({ keys: { gained } }) => gained)).toBe(found.movedKeys);
        expect(sum(({ requests: { lost } }) => lost)).toBeCloseTo(found.movedRequests, 6);
        expect(sum(({ requests: { after } }) => after)).toBeCloseTo(1000, 6);
        for (const { keys: one } of found.servers) expect(one.before - one.lost + one.gained).toBe(one.after);
      }),
      { numRuns: 40 },
    );
  });

  test("names the keys that alone have more than an even share, the hottest first", async () => {
    const counts = new Map([
      ["a", 60],
      ["b", 30],
      ["c", 9],
      ["d", 1],
    ]);
    const found = await compare(
      parseScenario("ring@2").placement,
      parseScenario("ring@5").placement,
      countedKeys(counts),
    );
    expect(found.hotKeys).toEqual([
      { key: "a", requests: 60 },
      { key: "b", requests: 30 },
    ]);
  });
});

describe("Zipf's law", () => {
  test("gives the client of rank r a share in proportion to 1/r^s", () => {
    const keys = zipfKeys(1000, 5000, 1.1, 3);
    const shares = Array.from({ length: 1000 }, (_, i) => keys.requestsOf(i));
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(5000, 6);
    expect((shares[0] as number) / (shares[9] as number)).toBeCloseTo(10 ** 1.1, 9);
    expect(new Set(Array.from({ length: 1000 }, (_, i) => keys.key(i))).size).toBe(1000);
  });
});
