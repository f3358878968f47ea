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

/** The four bytes of a word the other way round: from little-endian to big-endian and back. */
export function swapBytes(word: number): number {
  return (rotateLeft(word, 8) & 0x00ff00ff) | (rotateLeft(word, 24) & 0xff00ff00);
}

// An engine inlines only so much code into one function, and a short name for imul is less of it.
const { imul } = Math;

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit words, by 16-bit digits; no sum passes 2^32. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const t = imul(a1, b0) + (imul(a0, b0) >>> 16);
  const u = imul(a0, b1) + (t & 0xffff);
  return imul(a1, b1) + (t >>> 16) + (u >>> 16);
}

/** The upper half of a 64-bit product mod 2^64, of numbers given in halves; the lower one is imul(low, byLow). Signed. */
export function productHigh(high: number, low: number, byHigh: number, byLow: number): number {
  return (multiplyHigh(low, byLow) + imul(high, byLow) + imul(low, byHigh)) | 0;
}
