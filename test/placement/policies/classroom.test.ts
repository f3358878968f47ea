import { describe, expect, test } from "vitest";
import { countKeys, ownerOf, placed, servers } from "../servers.ts";

const named = (...names: string[]) => names.map((name) => ({ name, weight: 1 }));

// Recipe: for each N, an empty list of 512; for i in 1…N and j in 1…9 put i at (i² + j² + 2j + 25) mod 512 or the next
// empty place; for every k in 100000…999999 count the first i at or after (k² + 2k + 17) mod 512; divide by 90, round.
describe("the six-digit request ids over the classroom ring", () => {
  const ids = Array.from({ length: 900_000 }, (_, i) => String(100_000 + i));
  test.each([
    [[9531, 469]],
    [[8359, 469, 1172]],
    [[8047, 469, 1094, 391]],
    [[7656, 469, 938, 391, 547]],
    [[7266, 469, 938, 391, 547, 391]],
  ])("fall on the servers as %j", (expected) => {
    const counts = countKeys(placed("classroom", servers(expected.length)), ids);
    expect(counts.map((count) => Math.round(count / 90))).toEqual(expected);
  });
});

describe("a server's id", () => {
  test.each([
    ["Server 1", "Server 2", "Server 3"],
    ["S1", "S2", "S3"],
    ["web.1", "api-2", "3"],
  ])("is the number at the end of its name: %s, %s, %s", (...names) => {
    const [numbered, placement] = [placed("classroom", servers(3)), placed("classroom", named(...names))];
    for (let key = 0; key < 512; key++) {
      const number = ownerOf(numbered, String(key))?.at(-1);
      expect(ownerOf(placement, String(key))?.at(-1)).toBe(number);
    }
  });

  test("is a hash of a name without one, so that servers at one port are spread", () => {
    const placement = placed("classroom", named("10.0.0.1:80", "10.0.0.2:80", "emma"));
    const owners = new Set(Array.from({ length: 512 }, (_, key) => ownerOf(placement, String(key))));
    expect(owners.size).toBe(3);
  });
});

test("takes a number as it is, and its slot from H(i) = i² + 2i + 17", () => {
  const placement = placed("classroom", servers(5));
  for (const id of [0, 7, 511, 123_456, 999_999, 999_999_999_999_999]) {
    const slot = (BigInt(id) ** 2n + 2n * BigInt(id) + 17n) % 512n;
    // Ids of one slot go the same way: find a small one, for H repeats every 512 ids.
    const small = Number(BigInt(id) % 512n);
    expect((small * small + 2 * small + 17) % 512).toBe(Number(slot));
    expect(placement.candidates(String(id))).toEqual(placement.candidates(String(small)));
  }
});

test("places servers in order of id, not of name, when they want the same slots", () => {
  const padded = servers(12).map(({ weight }, i) => ({ name: `s${String(i + 1).padStart(2, "0")}`, weight }));
  const [byName, byId] = [placed("classroom", servers(12)), placed("classroom", padded)];
  const idOf = (name: string | undefined): number => Number(name?.replace(/\D+/, ""));
  for (let key = 0; key < 512; key++) {
    expect(idOf(ownerOf(byName, String(key)))).toBe(idOf(ownerOf(byId, String(key))));
  }
});

test("probes on from a slot that is taken, and takes the next slot inclusive", () => {
  // Both have the id 1, so Φ(1, 1) = 29 is slot 4 of 25 for both: a1 takes it, and b1 slot 5.
  const placement = placed("classroom:slots=25,vnodes=1", named("a1", "b1"));
  // H(2) = 25 is slot 0, before both; H(7) = 80 is slot 5 itself; H(3) = 32 is slot 7, past both and round.
  expect(["2", "7", "3"].map((key) => placement.candidates(key))).toEqual([
    [0, 1],
    [1, 0],
    [0, 1],
  ]);
});

test("refuses more servers than it has slots for, and says what to do", () => {
  expect(placed("classroom", servers(56)).members).toHaveLength(56);
  expect(() => placed("classroom", servers(57))).toThrow(/512 slots and 57 servers need 513.*classroom:slots=513/);
});
