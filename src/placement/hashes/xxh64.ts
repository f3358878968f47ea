import type { Hash } from "../types.ts";
import { productHigh, readInt32, top53 } from "./bytes.ts";

/*
 * xxHash64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). JavaScript has no 64-bit integer but
 * BigInt, which allocates: a number here is two signed halves of 32 bits. What is done for every key keeps them in
 * local variables, a high half before its low one, which it needs as it was.
 */

/** What a function below has made, for it can return one number only; then the last digest. */
let high = 0;
let low = 0;

// The five primes of the specification, in halves.
const [P1H, P1L] = [0x9e3779b1 | 0, 0x85ebca87 | 0];
const [P2H, P2L] = [0xc2b2ae3d | 0, 0x27d4eb4f | 0];
const [P3H, P3L] = [0x165667b1 | 0, 0x9e3779f9 | 0];
const [P4H, P4L] = [0x85ebca77 | 0, 0xc2b2ae63 | 0];
const [P5H, P5L] = [0x27d4eb2f | 0, 0x165667c5 | 0];

const { imul } = Math;

/** The one half of 64 bits rotated to the left by 0 < `by` < 32, from itself and the other half. */
const rotated = (half: number, other: number, by: number): number => (half << by) | (other >>> (32 - by));

/** What the high half of a sum gets from the low one, of which `part` is either summand. */
const carry = (sum: number, part: number): number => (sum >>> 0 < part >>> 0 ? 1 : 0);

/** The specification's round: lane + input · P2, rotated by 31, · P1. */
function round(laneHigh: number, laneLow: number, inputHigh: number, inputLow: number): void {
  const product = imul(inputLow, P2L);
  const l = (laneLow + product) | 0;
  const h = (laneHigh + productHigh(inputHigh, inputLow, P2H, P2L) + carry(l, product)) | 0;
  const turned = rotated(l, h, 31);
  high = productHigh(rotated(h, l, 31), turned, P1H, P1L);
  low = imul(turned, P1L);
}

/** Four 64-bit lanes for input of 32 bytes and more: high and low halves in turn. */
const lanes = new Int32Array(8);
/** What they start with: P1 + P2 (whose low halves carry nothing), P2, 0 and −P1. */
const START = Int32Array.of(P1H + P2H, P1L + P2L, P2H, P2L, 0, 0, ~P1H, -P1L);
/** How far each lane is rotated before the four are summed. */
const ROTATIONS = [1, 7, 12, 18] as const;

/** lanes = START, each plus the seed. */
function startLanes(seed: number): void {
  for (let lane = 0; lane < 8; lane += 2) {
    const l = ((START[lane + 1] as number) + seed) | 0;
    lanes[lane] = (START[lane] as number) + carry(l, seed);
    lanes[lane + 1] = l;
  }
}

function readStripe(bytes: Uint8Array, at: number): void {
  for (let lane = 0; lane < 8; lane += 2) {
    const from = at + lane * 4;
    round(lanes[lane] as number, lanes[lane + 1] as number, readInt32(bytes, from + 4), readInt32(bytes, from));
    lanes[lane] = high;
    lanes[lane + 1] = low;
  }
}

/** The sum of the rotated lanes, then each lane merged. */
function joinLanes(): void {
  let h = 0;
  let l = 0;
  for (let lane = 0; lane < 8; lane += 2) {
    const by = ROTATIONS[lane / 2] as number;
    const turned = rotated(lanes[lane + 1] as number, lanes[lane] as number, by);
    l = (l + turned) | 0;
    h = (h + rotated(lanes[lane] as number, lanes[lane + 1] as number, by) + carry(l, turned)) | 0;
  }
  for (let lane = 0; lane < 8; lane += 2) {
    round(0, 0, lanes[lane] as number, lanes[lane + 1] as number);
    h ^= high;
    l ^= low;
    h = productHigh(h, l, P1H, P1L);
    l = (imul(l, P1L) + P4L) | 0;
    h = (h + P4H + carry(l, P4L)) | 0;
  }
  high = h;
  low = l;
}

/** Begins with the whole stripes of 32 bytes, if there are any; returns where the rest begins. */
function readStripes(bytes: Uint8Array, length: number, seed: number): number {
  if (length < 32) {
    high = P5H;
    low = P5L + seed;
    return 0;
  }
  startLanes(seed);
  let at = 0;
  for (; at + 32 <= length; at += 32) readStripe(bytes, at);
  joinLanes();
  return at;
}

/**
 * Long, because it is what every key costs: an engine inlines only so much into one function, and this one takes most
 * of that for the products. A seed is a small number.
 */
function digest(bytes: Uint8Array, length: number, seed: number): number {
  let at = readStripes(bytes, length, seed);
  let l = (low + length) | 0;
  let h = (high + carry(l, length)) | 0;
  let turned = 0;

  // Eights, at most one four, then single bytes.
  for (; at + 8 <= length; at += 8) {
    round(0, 0, readInt32(bytes, at + 4), readInt32(bytes, at));
    h ^= high;
    l ^= low;
    turned = rotated(l, h, 27);
    h = productHigh(rotated(h, l, 27), turned, P1H, P1L);
    l = (imul(turned, P1L) + P4L) | 0;
    h = (h + P4H + carry(l, P4L)) | 0;
  }
  if (at + 4 <= length) {
    const input = readInt32(bytes, at);
    h ^= productHigh(0, input, P1H, P1L);
    l ^= imul(input, P1L);
    turned = rotated(l, h, 23);
    h = productHigh(rotated(h, l, 23), turned, P2H, P2L);
    l = (imul(turned, P2L) + P3L) | 0;
    h = (h + P3H + carry(l, P3L)) | 0;
    at += 4;
  }
  for (; at < length; at++) {
    const input = bytes[at] as number;
    h ^= productHigh(0, input, P5H, P5L);
    l ^= imul(input, P5L);
    turned = rotated(l, h, 11);
    h = productHigh(rotated(h, l, 11), turned, P1H, P1L);
    l = imul(turned, P1L);
  }

  // The avalanche: xor the number shifted by 33, · P2, by 29, · P3, by 32.
  l ^= h >>> 1;
  h = productHigh(h, l, P2H, P2L);
  l = imul(l, P2L);
  l ^= (l >>> 29) | (h << 3);
  h ^= h >>> 29;
  high = productHigh(h, l, P3H, P3L);
  low = imul(l, P3L) ^ high;
  return top53(high, low);
}

/** xxHash64, seed 0: the top 53 bits. Quick and even; the default. */
export const xxh64: Hash = { name: "xxh64", bits: 53, hash: (bytes, length) => digest(bytes, length, 0) };

/** xxHash64, seed 1: the second hash of Envoy's Maglev. */
export const xxh64Seed1: Hash = { name: "xxh64-seed-1", bits: 53, hash: (bytes, length) => digest(bytes, length, 1) };

/** The high and low 32 bits of the last digest, whole: read them before anything else is hashed. */
export const lastHigh = (): number => high >>> 0;
export const lastLow = (): number => low >>> 0;
