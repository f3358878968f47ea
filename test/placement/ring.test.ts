import { describe, expect, test } from "vitest";
import {
  arcShares,
  createPlacement,
  createRing,
  hashes,
  keyShares,
  type Member,
  PlacementError,
  type Policy,
  parsePolicy,
  policies,
  type Ring,
} from "../../src/placement/index.ts";
import { countKeys, placed, servers, someKeys } from "./servers.ts";

const KEYS = someKeys(50_000);
const circleOf = (policy: string, members: readonly Member[]) => createRing(parsePolicy(policy), hashes.xxh64, members);
const withCircle = Object.keys(policies).filter((name) => (policies as Record<string, Policy>)[name]?.ring);

const toy = (points: number[], more: Partial<Ring> = {}): Ring => ({
  points: Float64Array.from(points),
  owners: Uint16Array.from(points, (_, i) => i % 2),
  ends: Float64Array.from(points),
  ...more,
});

describe("the ring of a policy", () => {
  test("is there for each that has arcs, and for no other", () => {
    expect(withCircle).toEqual(["ring", "ketama", "classroom", "nginx", "haproxy", "envoy-ring"]);
    expect(circleOf("maglev", servers(3))).toBe(null);
  });

  const weighted = [1, 2, 4].map((weight, i): Member => ({ name: `10.0.0.${i}:80`, weight }));
  test.each(withCircle.flatMap((name) => [servers(7), weighted].map((members) => [name, members] as const)))(
    "%s: its shares are those of the keys",
    (name, given) => {
      const { members, ring } = circleOf(name, given) ?? {};
      if (!members || !ring) throw new Error("no ring");
      const placement = placed(name, given);
      expect(members).toEqual(placement.members);
      const shares = keyShares(ring, members.length);
      countKeys(placement, KEYS).forEach((count, member) => {
        const share = shares[member] ?? 0;
        const chance = Math.sqrt((share * (1 - share)) / KEYS.length);
        expect(Math.abs(count / KEYS.length - share)).toBeLessThan(4 * chance);
      });
    },
  );

  test("has keys on the few values of a hash that has but few", () => {
    const spec = parsePolicy("ring:vnodes=9");
    const { ring } = createRing(spec, hashes.quadratic, servers(3)) ?? {};
    const shares = keyShares(ring ?? toy([]), 3);
    const counts = countKeys(createPlacement(spec, hashes.quadratic, servers(3)), KEYS);
    expect(new Set(ring?.landings).size).toBe(87);
    counts.forEach((count, member) => {
      expect(Math.abs(count / KEYS.length - (shares[member] ?? 0))).toBeLessThan(0.01);
    });
  });

  test.each(withCircle)("%s: it goes round once", (name) => {
    const ring = circleOf(name, servers(20))?.ring ?? toy([]);
    expect(ring.ends.length).toBe(ring.points.length);
    expect(ring.ends.toSorted()).toEqual(ring.ends);
    expect(ring.points.toSorted()).toEqual(ring.points);
    expect(arcShares(ring, 20).reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
  });

  test("is refused as the placement is", () => {
    expect(() => circleOf("classroom", servers(57))).toThrow(PlacementError);
    expect(() => circleOf("envoy-ring:min=9,max=8", servers(2))).toThrow(PlacementError);
    expect(() => circleOf("ring", [...servers(1), ...servers(1)])).toThrow(PlacementError);
  });
});

describe("shares", () => {
  test("of the ring are the arcs from point to point, round past the last", () => {
    expect([...arcShares(toy([0.25, 0.5, 0.75]), 2)]).toEqual([0.75, 0.25]);
  });

  test("of the keys count the places where they land, those past the last point with the first", () => {
    const landings = Float64Array.from([0.95, 0.1, 0.3, 0.3]);
    expect([...keyShares(toy([0.25, 0.5], { landings }), 2)]).toEqual([0.5, 0.5]);
    expect([...keyShares(toy([0.25, 0.5]), 2)]).toEqual([0.75, 0.25]);
  });
});

test("the classroom's ring has the vnodes of the ids 1 to 3 in slots 29 to 133, and keys in 87 slots of 512", () => {
  const { points, landings } = circleOf("classroom", servers(3))?.ring ?? toy([]);
  const slots = [...new Set(landings)].length;
  expect([points.length, points[0], points.at(-1), slots]).toEqual([27, 29.5 / 512, 133.5 / 512, 87]);
});
