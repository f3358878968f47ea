import fc from "fast-check";
import { expect, test } from "vitest";
import { remainder } from "../../src/placement/remainder.ts";

test("is the exact remainder for every safe integer and 31-bit divisor, multiples and their neighbours included", () => {
  const divisors = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  const values = fc.maxSafeNat();
  const check = (value: number, divisor: number): void =>
    expect(remainder(value, divisor)).toBe(Number(BigInt(value) % BigInt(divisor)));
  fc.assert(
    fc.property(values, divisors, (value, divisor) => {
      const multiple = value - Number(BigInt(value) % BigInt(divisor));
      for (const near of [value, multiple, multiple + 1, Math.max(0, multiple - 1)]) {
        check(Math.min(near, Number.MAX_SAFE_INTEGER), divisor);
      }
    }),
    { numRuns: 1000 },
  );
});
