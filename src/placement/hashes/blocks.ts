import { swapBytes } from "./bytes.ts";

/** How many blocks of 64 bytes a message of `length` bytes fills, padded: 0x80, zeros, and its length in bits. */
export const blockCount = (length: number): number => Math.floor((length + 8) / 64) + 1;

/**
 * Fills the first 16 words of `block` with block `index` of the padded message, as MD5 (RFC 1321, 3.1) and the SHA
 * family (RFC 6234, 4.1) pad it: MD5 reads its words little-endian, the SHAs big-endian.
 */
export function loadBlock(
  block: Int32Array,
  bytes: Uint8Array,
  length: number,
  index: number,
  bigEndian: boolean,
): void {
  const from = index * 64;
  const end = Math.min(length - from, 64);
  block.fill(0, 0, 16);
  for (let at = 0; at < end; at++) addByte(block, at, bytes[from + at] as number);
  if (end >= 0 && end < 64) addByte(block, end, 0x80);
  if (bigEndian) for (let word = 0; word < 16; word++) block[word] = swapBytes(block[word] as number);
  if (index < blockCount(length) - 1) return;
  block[bigEndian ? 15 : 14] = length << 3;
  block[bigEndian ? 14 : 15] = length >>> 29;
}

function addByte(block: Int32Array, at: number, byte: number): void {
  block[at >> 2] = (block[at >> 2] as number) | (byte << ((at & 3) * 8));
}
