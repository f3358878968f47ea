import type { Hash } from "../types.ts";
import { multiplyHigh, readInt32, top53 } from "./bytes.ts";

/**
 * xxHash64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). JavaScript has no 64-bit
 * integer but BigInt, which allocates; so there is one accumulator in two 32-bit halves, and each step works on it.
 */
let high = 0;
let low = 0;

// The five primes of the specification, in halves.
const [P1H, P1L] = [0x9e3779b1 | 0, 0x85ebca87 | 0];
const [P2H, P2L] = [0xc2b2ae3d | 0, 0x27d4eb4f | 0];
const [P3H, P3L] = [0x165667b1 | 0, 0x9e3779f9 | 0];
const [P4H, P4L] = [0x85ebca77 | 0, 0xc2b2ae63 | 0];
const [P5H, P5L] = [0x27d4eb2f | 0, 0x165667c5 | 0];

function set(h: number, l: number): void {
  high = h;
  low = l;
}

function xor(h: number, l: number): void {
  high ^= h;
  low ^= l;
}

function add(h: number, l: number): void {
  const sum = (low + l) | 0;
  high = (high + h + (sum >>> 0 < l >>> 0 ? 1 : 0)) | 0;
  low = sum;
}

/** Rotates to the left by 0 < `by` < 32. */
function rotate(by: number): void {
  const h = (high << by) | (low >>> (32 - by));
  low = (low << by) | (high >>> (32 - by));
  high = h;
}

/** The product mod 2^64. */
function multiply(h: number, l: number): void {
  high = (multiplyHigh(low, l) + Math.imul(high, l) + Math.imul(low, h)) | 0;
  low = Math.imul(low, l);
}

/** What the specification calls a round, of the accumulator that already holds its first sum. */
function finishRound(): void {
  rotate(31);
  multiply(P1H, P1L);
}

/** accumulator ^= round(0, lane), then the step that follows each such merge. */
function mergeLane(laneHigh: number, laneLow: number): void {
  const h = high;
  const l = low;
  set(laneHigh, laneLow);
  multiply(P2H, P2L);
  finishRound();
  xor(h, l);
}

/** Four 64-bit lanes for input of 32 bytes and more: low and high halves in turn. */
const lanes = new Int32Array(8);
/** What they start with: P1 + P2 (whose low halves carry nothing), P2, 0 and −P1. */
const START = Int32Array.of(P1L + P2L, P1H + P2H, P2L, P2H, 0, 0, -P1L, ~P1H);
/** How far each lane is rotated before the four are summed. */
const ROTATIONS = [1, 7, 12, 18] as const;

function readStripe(bytes: Uint8Array, at: number): void {
  for (let lane = 0; lane < 8; lane += 2) {
    set(readInt32(bytes, at + lane * 4 + 4), readInt32(bytes, at + lane * 4));
    multiply(P2H, P2L);
    add(lanes[lane + 1] as number, lanes[lane] as number);
    finishRound();
    lanes[lane] = low;
    lanes[lane + 1] = high;
  }
}

/** Mixes the lanes into the accumulator: their rotated sum, then each lane merged. */
function joinLanes(): void {
  let sumHigh = 0;
  let sumLow = 0;
  for (let lane = 0; lane < 8; lane += 2) {
    set(lanes[lane + 1] as number, lanes[lane] as number);
    rotate(ROTATIONS[lane / 2] as number);
    add(sumHigh, sumLow);
    sumHigh = high;
    sumLow = low;
  }
  for (let lane = 0; lane < 8; lane += 2) {
    mergeLane(lanes[lane + 1] as number, lanes[lane] as number);
    multiply(P1H, P1L);
    add(P4H, P4L);
  }
}

function startLanes(seed: number): void {
  lanes.set(START);
  if (seed === 0) return;
  for (let lane = 0; lane < 8; lane += 2) {
    set(lanes[lane + 1] as number, lanes[lane] as number);
    add(0, seed);
    lanes[lane] = low;
    lanes[lane + 1] = high;
  }
}

/** Consumes the whole stripes of 32 bytes, if any; returns where the rest begins. */
function readStripes(bytes: Uint8Array, length: number, seed: number): number {
  if (length < 32) {
    set(P5H, P5L);
    add(0, seed);
    return 0;
  }
  startLanes(seed);
  let at = 0;
  for (; at + 32 <= length; at += 32) readStripe(bytes, at);
  joinLanes();
  return at;
}

/** Consumes the last bytes[at, length): eights, at most one four, then single bytes. */
function readTail(bytes: Uint8Array, at: number, length: number): void {
  for (; at + 8 <= length; at += 8) {
    mergeLane(readInt32(bytes, at + 4), readInt32(bytes, at));
    rotate(27);
    multiply(P1H, P1L);
    add(P4H, P4L);
  }
  if (at + 4 <= length) {
    const h = high;
    const l = low;
    set(0, readInt32(bytes, at));
    multiply(P1H, P1L);
    xor(h, l);
    rotate(23);
    multiply(P2H, P2L);
    add(P3H, P3L);
    at += 4;
  }
  for (; at < length; at++) {
    const h = high;
    const l = low;
    set(0, bytes[at] as number);
    multiply(P5H, P5L);
    xor(h, l);
    rotate(11);
    multiply(P1H, P1L);
  }
}

function avalanche(): void {
  xor(0, high >>> 1); // >>> 33
  multiply(P2H, P2L);
  xor(high >>> 29, (low >>> 29) | (high << 3));
  multiply(P3H, P3L);
  xor(0, high); // >>> 32
}

function digest(bytes: Uint8Array, length: number, seed: number): number {
  const rest = readStripes(bytes, length, seed);
  add(0, length);
  readTail(bytes, rest, length);
  avalanche();
  return top53(high, low);
}

/** xxHash64, seed 0: the top 53 bits. Quick and even; the default. */
export const xxh64: Hash = { name: "xxh64", bits: 53, hash: (bytes, length) => digest(bytes, length, 0) };

/** xxHash64, seed 1: the second hash of Envoy's Maglev. */
export const xxh64Seed1: Hash = { name: "xxh64-seed-1", bits: 53, hash: (bytes, length) => digest(bytes, length, 1) };

/** The high and low 32 bits of the last digest, whole: read them before anything else is hashed. */
export const lastHigh = (): number => high >>> 0;
export const lastLow = (): number => low >>> 0;
