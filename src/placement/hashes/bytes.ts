/** The 32 bits at `at`, little-endian, as a signed integer. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The top 53 bits of a 64-bit value given as two 32-bit halves: the most that a double holds exactly. */
export function top53(high: number, low: number): number {
  return (high >>> 0) * 0x200000 + (low >>> 11);
}

/** Rotates 32 bits to the left by 0 < `by` < 32. */
export function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
