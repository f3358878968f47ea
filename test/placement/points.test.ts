import fc from "fast-check";
import { expect, test } from "vitest";
import { sortPoints } from "../../src/placement/points.ts";

const anywhere = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Many points in one narrow place, as a hash that clusters makes them. */
const cluster = fc
  .tuple(anywhere, fc.array(fc.nat({ max: 60 }), { minLength: 17, maxLength: 60 }))
  .map(([from, offsets]) => offsets.map((offset) => Math.min(from + offset, 2 ** 32 - 1)));
const positions = fc.oneof(fc.array(anywhere, { minLength: 1, maxLength: 40 }), cluster);

test("finds the first point at or clockwise of a position, and its owner: the first member of those that tie", () => {
  fc.assert(
    fc.property(fc.array(positions, { minLength: 1, maxLength: 4 }), fc.array(anywhere), (perMember, others) => {
      const given = perMember.flatMap((points, member) => points.map((point) => ({ point, member })));
      const counts = perMember.map((points) => points.length);
      const { points, owners, search } = sortPoints(
        Float64Array.from(given, ({ point }) => point),
        counts,
        32,
      );
      const sorted = given.toSorted((a, b) => a.point - b.point || a.member - b.member);
      expect([...points]).toEqual(sorted.map(({ point }) => point));
      expect([...owners]).toEqual(sorted.map(({ member }) => member));
      for (const position of [...others, ...points, 0, 2 ** 32 - 1])
        expect(search(position)).toBe(
          Math.max(
            0,
            sorted.findIndex(({ point }) => point >= position),
          ),
        );
    }),
  );
});
