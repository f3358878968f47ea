import type { Hash } from "../types.ts";
import { blockCount, loadBlock } from "./blocks.ts";
import { rotateLeft, top53 } from "./bytes.ts";

/** The first 64 primes: the constants are made of their roots. */
const PRIMES = Array.from({ length: 312 }, (_, i) => i).filter(
  (n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d !== 0),
);
/** The first 32 bits of a root's fraction; a double holds 53, of which the whole part takes at most five. */
const fraction = (root: number): number => Math.floor((root % 1) * 0x1_0000_0000);
/** FIPS 180-4, section 5.3.3: square roots of the first eight primes. */
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
/** Section 4.2.2: cube roots of the first 64. */
const K = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/** The running digest and the schedule: reused, so that hashing allocates nothing. */
const state = new Int32Array(8);
const words = new Int32Array(64);

const rotateRight = (word: number, by: number): number => rotateLeft(word, 32 - by);

/** The schedule of section 6.2.2, step 1, with the small sigmas. */
function expandBlock(): void {
  for (let t = 16; t < 64; t++) {
    const early = words[t - 15] as number;
    const late = words[t - 2] as number;
    const sigma0 = rotateRight(early, 7) ^ rotateRight(early, 18) ^ (early >>> 3);
    const sigma1 = rotateRight(late, 17) ^ rotateRight(late, 19) ^ (late >>> 10);
    words[t] = (words[t - 16] as number) + sigma0 + (words[t - 7] as number) + sigma1;
  }
}

/** The large sigmas, choice and majority of section 4.1.2, in the sums T1 (without h) and T2 of section 6.2.2, step 3. */
function firstSum(e: number, f: number, g: number, t: number): number {
  const sigma = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
  return sigma + ((e & f) ^ (~e & g)) + (K[t] as number) + (words[t] as number);
}
function secondSum(a: number, b: number, c: number): number {
  const sigma = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
  return sigma + ((a & b) ^ (a & c) ^ (b & c));
}

function digestBlock(): void {
  expandBlock();
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let t = 0; t < 64; t++) {
    const first = (h + firstSum(e, f, g, t)) | 0;
    const second = secondSum(a, b, c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/** SHA-256 (FIPS 180-4): the first 53 bits of the digest, big-endian. */
export const sha256: Hash = {
  name: "sha256",
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
