import type { Hash } from "../types.ts";
import { blockCount, loadBlock } from "./blocks.ts";
import { rotateLeft, swapBytes, top53 } from "./bytes.ts";

/** RFC 1321, section 3.4: T[i] is the integer part of 2^32 · |sin(i)|, i in radians from 1. */
const T = Int32Array.from({ length: 64 }, (_, i) => Math.floor(0x100000000 * Math.abs(Math.sin(i + 1))));
/** How far each step of the four rounds rotates, four in turn. */
const SHIFTS = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

/** Section 3.3: what A, B, C and D start with. */
const START = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);

/** The running digest (A, B, C, D) and the 16 words of the block at hand: reused, so that hashing allocates nothing. */
const state = new Int32Array(4);
const block = new Int32Array(16);

/** The auxiliary functions F, G, H and I, and the word that each of their 16 steps takes. */
function auxiliary(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (b & d) | (c & ~d);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}
function wordOf(round: number, step: number): number {
  if (round === 0) return step & 15;
  if (round === 1) return (5 * step + 1) & 15;
  return (round === 2 ? 3 * step + 5 : 7 * step) & 15;
}

function digestBlock(): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const sum = a + auxiliary(round, b, c, d) + (block[wordOf(round, step)] as number) + (T[step] as number);
    a = d;
    d = c;
    c = b;
    b = (b + rotateLeft(sum | 0, SHIFTS[round * 4 + (step & 3)] as number)) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}

/**
 * The whole digest as the four words A, B, C and D; the digest's bytes are those of each word, little-endian. The
 * array is reused by the next digest, so that hashing allocates nothing.
 */
export function md5Words(bytes: Uint8Array, length: number): Int32Array {
  state.set(START);
  for (let i = 0; i < blockCount(length); i++) {
    loadBlock(block, bytes, length, i, false);
    digestBlock();
  }
  return state;
}

/** MD5 (RFC 1321): the first 53 bits of the digest, big-endian. For study and compatibility, not for security. */
export const md5: Hash = {
  name: "md5",
  bits: 53,
  hash(bytes, length) {
    const words = md5Words(bytes, length);
    return top53(swapBytes(words[0] as number), swapBytes(words[1] as number));
  },
};
