import fc from "fast-check";
import { expect, test } from "vitest";
import { createPlacement, type Placement, parseHash, parsePolicy, policies } from "../../src/placement/index.ts";
import { selectInEach } from "../../src/simulate/select-in-each.ts";
import { servers } from "../placement/servers.ts";

/** What one step of a sweep may be. */
const scenario = fc.record({
  policy: fc.constantFrom(...Object.keys(policies), "ring:bounded=110"),
  hash: fc.constantFrom("xxh64", "md5", "crc32", `siphash:${"5".repeat(32)}`).map(parseHash),
  count: fc.integer({ min: 1, max: 12 }),
});

/** Counts that are a placement's loads. */
function loadsOf(placements: readonly Placement[]) {
  const counts = placements.map(({ members }) => members.map(() => 0));
  return { counts, loads: counts.map((count) => (member: number) => count[member] ?? 0) };
}

test("gives what select() gives in each, whatever stands beside it", () => {
  const keys = fc.array(fc.oneof(fc.ipV4(), fc.string({ unit: "binary" })), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(scenario, { maxLength: 6 }), keys, (scenarios, keys) => {
      const build = () =>
        scenarios.map(({ policy, hash, count }) => createPlacement(parsePolicy(policy), hash, servers(count)));
      const [alone, together] = [build(), build()];
      const [one, other] = [loadsOf(alone), loadsOf(together)];
      const select = selectInEach(together, other.loads);
      for (const key of keys) {
        const expected = alone.map((placement, i) => placement.select(key, undefined, one.loads[i]));
        const selected = [...select(key)];
        expect(selected).toEqual(expected);
        for (const { counts } of [one, other])
          selected.forEach((member, i) => {
            const count = counts[i] ?? [];
            count[member] = (count[member] ?? 0) + 1;
          });
      }
    }),
    { numRuns: 100 },
  );
});
