/**
 * `value` mod `divisor` for integers 0 ≤ value < 2^53 and 0 < divisor < 2^31; quicker than `%`, which leaves the
 * integer unit above 2^31. Exact: the quotient is at least 1/divisor below the next whole number, which is more than
 * half a step of a double there, so it never rounds up to it.
 */
export function remainder(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}
