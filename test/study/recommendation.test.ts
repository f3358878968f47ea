import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Measured, recommendation } from "../../src/study/recommendation.ts";

const limits = { peak: 1.1, moved: 1.2 };

const candidate = (policy: string, changes: Partial<Measured> & { ratio?: number; worst?: number } = {}): Measured => {
  const { ratio = 1, worst = 1.05, ...more } = changes;
  const move = { fraction: ratio / 10, least: 0.1, ratio };
  return {
    policy,
    hash: "xxh64",
    peak: { mean: worst, worst },
    peakByKeys: null,
    spilled: 0,
    cannotLose: null,
    add: move,
    lose: move,
    cost: { buildMs: 1, bytes: 1000, lookupNs: 100 },
    ...more,
  };
};

const cost = (lookupNs: number, bytes: number) => ({ buildMs: 1, lookupNs, bytes });

describe("a recommendation", () => {
  test("puts the quickest of those that meet both limits first, then the smallest of those about as quick", () => {
    const ranked = recommendation(
      [
        candidate("slow", { cost: cost(1000, 1) }),
        candidate("big", { cost: cost(100, 9000) }),
        candidate("small", { cost: cost(105, 100) }),
        candidate("quick-but-uneven", { cost: cost(10, 1), worst: 1.5 }),
      ],
      limits,
    );
    expect(ranked.map(({ policy, meets }) => [policy, meets])).toEqual([
      ["small", true],
      ["big", true],
      ["slow", true],
      ["quick-but-uneven", false],
    ]);
  });

  test("says of each miss what was measured", () => {
    const [only] = recommendation([candidate("modulo", { worst: 1.25, ratio: 9 })], limits);
    expect(only?.reasons).toEqual([
      "its peak comes to 1.250",
      "adding a server moves 90.0 % of the keys, 9.0 times the least",
      "losing one moves 90.0 % of the keys, 9.0 times the least",
    ]);
  });

  test("a policy that can lose no server from the middle comes last", () => {
    const stuck = candidate("jump", { lose: null, cannotLose: "Only the last can leave." });
    const ranked = recommendation([stuck, candidate("modulo", { ratio: 9, worst: 9 })], limits);
    expect(ranked.at(-1)).toMatchObject({ policy: "jump", meets: false, reasons: ["Only the last can leave"] });
  });

  test("tells what spills", () => {
    const [bounded] = recommendation([candidate("ring:bounded=110", { spilled: 0.25 })], limits);
    expect(bounded?.reasons.join()).toContain("sends 25.0 % of the requests elsewhere");
  });

  test("keeps every candidate once, those that meet the limits before the others, each with a reason", () => {
    const figure = fc.double({ min: 1, max: 20, noNaN: true });
    const any = fc.record({ ratio: figure, worst: figure, ns: figure, bytes: figure });
    fc.assert(
      fc.property(fc.array(any), (figures) => {
        const given = figures.map(({ ratio, worst, ns, bytes }, i) =>
          candidate(`${i}`, { ratio, worst, cost: cost(ns, bytes) }),
        );
        const ranked = recommendation(given, limits);
        expect(ranked.map(({ policy }) => policy).sort()).toEqual(given.map(({ policy }) => policy).sort());
        const meets = ranked.map((each) => each.meets);
        expect(meets).toEqual(meets.toSorted((a, b) => Number(b) - Number(a)));
        for (const each of ranked) {
          expect(each.meets).toBe(each.peak.worst <= limits.peak && each.add.ratio <= limits.moved);
          expect(each.reasons).not.toEqual([]);
        }
      }),
    );
  });
});
