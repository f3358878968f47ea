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

/** The running digest, its working variables a to h, and the schedule: reused, so that hashing allocates nothing. */
const state = new Int32Array(8);
const work = new Int32Array(8);
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

/** T1 of section 6.2.2, step 3: from e, f, g and h. */
function firstSum(t: number): number {
  const [e, f, g] = [work[4] as number, work[5] as number, work[6] as number];
  const sigma = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
  const choice = (e & f) ^ (~e & g);
  return ((work[7] as number) + sigma + choice + (K[t] as number) + (words[t] as number)) | 0;
}

/** T2: from a, b and c. */
function secondSum(): number {
  const [a, b, c] = [work[0] as number, work[1] as number, work[2] as number];
  const sigma = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
  return (sigma + ((a & b) ^ (a & c) ^ (b & c))) | 0;
}

function digestBlock(): void {
  expandBlock();
  work.set(state);
  for (let t = 0; t < 64; t++) {
    const first = firstSum(t);
    const second = secondSum();
    work.copyWithin(1, 0, 7);
    work[4] = (work[4] as number) + first;
    work[0] = first + second;
  }
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (work[i] as number);
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
