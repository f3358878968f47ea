import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hash } from "../../src/placement/index.ts";
import { hashText } from "../../src/placement/key.ts";

/** The bytes that a hash is given for `text`. */
function bytesGiven(text: string): number[] {
  let given: number[] = [];
  const spy: Hash = {
    name: "spy",
    bits: 32,
    hash(bytes, length) {
      given = [...bytes.subarray(0, length)];
      return 7;
    },
  };
  expect(hashText(spy, text)).toBe(7);
  return given;
}

test("hashes a text's UTF-8 bytes, lone surrogates replaced, whatever was hashed before", () => {
  const units = fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xffff }));
  const texts = fc.array(units, { maxLength: 60 }).map((u) => String.fromCharCode(...u));
  fc.assert(
    fc.property(texts, (text) => {
      expect(bytesGiven(text)).toEqual([...new TextEncoder().encode(text)]);
    }),
    { numRuns: 300 },
  );
});

test.each(["x".repeat(10_000), "é".repeat(10_000), `${"a".repeat(5000)}€`, "\ud83d\ude00".repeat(3000), "\ud83d"])(
  "hashes all of a long or odd text (%#)",
  (text) => {
    expect(bytesGiven(text)).toEqual([...new TextEncoder().encode(text)]);
  },
);
