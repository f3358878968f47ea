import type { Hash } from "../types.ts";
import { blockCount, loadBlock } from "./blocks.ts";
import { rotateLeft, top53 } from "./bytes.ts";

/** RFC 3174, section 6.1: what H0 to H4 start with. */
const START = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
/** Section 5: one constant for each of four times 20 steps. */
const K = Int32Array.of(0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6);

/** The running digest and the schedule of 80 words: reused, so that hashing allocates nothing. */
const state = new Int32Array(5);
const words = new Int32Array(80);

/** The functions of section 5: choice, parity, majority and parity again. */
function mixing(stage: number, b: number, c: number, d: number): number {
  if (stage === 0) return (b & c) | (~b & d);
  return stage === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
}

function expandBlock(): void {
  for (let t = 16; t < 80; t++) {
    const near = (words[t - 3] as number) ^ (words[t - 8] as number);
    words[t] = rotateLeft(near ^ (words[t - 14] as number) ^ (words[t - 16] as number), 1);
  }
}

function digestBlock(): void {
  expandBlock();
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  for (let t = 0; t < 80; t++) {
    const stage = Math.floor(t / 20);
    const next = rotateLeft(a, 5) + mixing(stage, b, c, d) + e + (words[t] as number) + (K[stage] as number);
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
}

/** SHA-1 (RFC 3174): the first 53 bits of the digest, big-endian. For study and compatibility, not for security. */
export const sha1: Hash = {
  name: "sha1",
  bits: 53,
  hash(bytes, length) {
    state.set(START);
    for (let i = 0; i < blockCount(length); i++) {
      loadBlock(words, bytes, length, i, true);
      digestBlock();
    }
    return top53(state[0] as number, state[1] as number);
  },
};
