import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlacement, hashes, parsePolicy } from "../../../src/placement/index.ts";
import { hashPoint, hashText } from "../../../src/placement/key.ts";
import { countKeys, ownerOf, servers } from "../servers.ts";

const { quadratic } = hashes;

describe("the classroom's two functions as a hash", () => {
  test("gives a number its slot by H(i) = i² + 2i + 17", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), (i) => {
        expect(hashText(quadratic, String(i))).toBe(Number((i * i + 2n * i + 17n) % 512n));
      }),
    );
  });

  test("gives a server's vnodes, from 1, theirs by Φ(i, j) = i² + j² + 2j + 25", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (i, vnode) => {
        const j = vnode + 1;
        expect(hashPoint(quadratic, `server-${i}`, `#${vnode}`, vnode)).toBe((i * i + j * j + 2 * j + 25) % 512);
      }),
    );
  });

  test("takes a key that is no number for one of six digits, as the classroom's ring does", () => {
    // With one vnode no slot is taken twice, so that the ring and the classroom's are the same.
    const [ring, same] = ["ring:vnodes=1", "classroom:vnodes=1"].map((policy) =>
      createPlacement(parsePolicy(policy), quadratic, servers(3)),
    );
    fc.assert(
      fc.property(fc.string(), (key) => {
        expect(ownerOf(ring as never, key)).toBe(ownerOf(same as never, key));
      }),
    );
  });

  test("reaches 87 slots, and leaves a ring as uneven as the assignment finds it", () => {
    const ring = createPlacement(parsePolicy("ring:vnodes=9"), quadratic, servers(3));
    const keys = Array.from({ length: 90_000 }, (_, i) => String(100_000 + 10 * i + (i % 10)));
    expect(Math.max(...countKeys(ring, keys)) / keys.length).toBeGreaterThan(0.75);
    expect(new Set(keys.map((key) => hashText(quadratic, key))).size).toBe(87);
  });
});
