import type { Hash } from "../types.ts";
import { readInt32, swapBytes, top53 } from "./bytes.ts";

/** A key is 128 bits, in 32 hexadecimal digits. */
export const SIPHASH_KEY = /^[0-9a-f]{32}$/i;

/** The key of the reference's test vectors, 00 01 … 0f. It is public, so it keeps nobody from aiming. */
export const DEFAULT_SIPHASH_KEY = "000102030405060708090a0b0c0d0e0f";

/** "somepseudorandomlygeneratedbytes": what v0 to v3 start with, low and high halves in turn. */
const START = Int32Array.of(
  0x70736575,
  0x736f6d65,
  0x6e646f6d,
  0x646f7261,
  0x6e657261,
  0x6c796765,
  0x79746573,
  0x74656462,
);

/** The state v0 to v3, low and high halves in turn: reused, so that hashing allocates nothing. */
const v = new Int32Array(8);

/** v[a] += v[b], then v[b] is rotated left by `by` (below 32) and xored with the sum. Indices are of the low halves. */
function addRotateXor(a: number, b: number, by: number): void {
  const low = v[b] as number;
  const high = v[b + 1] as number;
  const sum = ((v[a] as number) + low) | 0;
  const sumHigh = ((v[a + 1] as number) + high + (sum >>> 0 < low >>> 0 ? 1 : 0)) | 0;
  v[a] = sum;
  v[a + 1] = sumHigh;
  v[b] = ((low << by) | (high >>> (32 - by))) ^ sum;
  v[b + 1] = ((high << by) | (low >>> (32 - by))) ^ sumHigh;
}

/** Rotates by 32 bits: swaps the halves. */
function swapHalves(a: number): void {
  const low = v[a] as number;
  v[a] = v[a + 1] as number;
  v[a + 1] = low;
}

function round(): void {
  addRotateXor(0, 2, 13);
  swapHalves(0);
  addRotateXor(4, 6, 16);
  addRotateXor(0, 6, 21);
  addRotateXor(4, 2, 17);
  swapHalves(4);
}

/** Takes in eight bytes, with the two compression rounds of SipHash-2-4. */
function compress(low: number, high: number): void {
  v[6] = (v[6] as number) ^ low;
  v[7] = (v[7] as number) ^ high;
  round();
  round();
  v[0] = (v[0] as number) ^ low;
  v[1] = (v[1] as number) ^ high;
}

/** The last bytes[from, length), fewer than four, little-endian. */
function readRest(bytes: Uint8Array, from: number, length: number): number {
  let word = 0;
  for (let at = length - 1; at >= from; at--) word = (word << 8) | (bytes[at] as number);
  return word;
}

/** Takes in the last zero to seven bytes, and the length's lowest byte above them. */
function compressLast(bytes: Uint8Array, at: number, length: number): void {
  const whole = length - at >= 4;
  const low = whole ? readInt32(bytes, at) : readRest(bytes, at, length);
  const high = whole ? readRest(bytes, at + 4, length) : 0;
  compress(low, high | (length << 24));
}

/** The four rounds of finalization. */
function finish(): number {
  v[4] = (v[4] as number) ^ 0xff;
  for (let i = 0; i < 4; i++) round();
  const low = (v[0] as number) ^ (v[2] as number) ^ (v[4] as number) ^ (v[6] as number);
  const high = (v[1] as number) ^ (v[3] as number) ^ (v[5] as number) ^ (v[7] as number);
  return top53(high, low);
}

/** A word of the key, little-endian. */
const keyWord = (hex: string, at: number): number => swapBytes(Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16));

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012), the top 53 bits of its 64, under a key of 32 hexadecimal digits. Who
 * does not know the key can't find keys that meet at one server.
 */
export function siphashWith(key: string, name: string): Hash {
  const start = START.map((word, i) => word ^ keyWord(key, i & 3));
  return {
    name,
    bits: 53,
    hash(bytes, length) {
      v.set(start);
      const end = length & ~7;
      for (let at = 0; at < end; at += 8) compress(readInt32(bytes, at), readInt32(bytes, at + 4));
      compressLast(bytes, end, length);
      return finish();
    },
  };
}
