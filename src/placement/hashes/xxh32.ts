import type { Hash } from "../types.ts";
import { readInt32, rotateLeft } from "./bytes.ts";

// The five primes of the specification.
const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

/** What the specification calls a round: a lane takes four bytes in. */
const mixLane = (lane: number, word: number): number => Math.imul(rotateLeft((lane + Math.imul(word, P2)) | 0, 13), P1);

/** Consumes the whole stripes of 16 bytes, of which there is one at least: four lanes, rotated and summed. */
function readStripes(bytes: Uint8Array, length: number): number {
  let a = (P1 + P2) | 0;
  let b = P2 | 0;
  let c = 0;
  let d = -P1 | 0;
  for (let at = 0; at + 16 <= length; at += 16) {
    a = mixLane(a, readInt32(bytes, at));
    b = mixLane(b, readInt32(bytes, at + 4));
    c = mixLane(c, readInt32(bytes, at + 8));
    d = mixLane(d, readInt32(bytes, at + 12));
  }
  return (rotateLeft(a, 1) + rotateLeft(b, 7) + rotateLeft(c, 12) + rotateLeft(d, 18)) | 0;
}

/** Consumes the last bytes[at, length): fours, then single bytes. */
function readTail(state: number, bytes: Uint8Array, at: number, length: number): number {
  let mixed = state;
  let next = at;
  for (; next + 4 <= length; next += 4) {
    mixed = Math.imul(rotateLeft((mixed + Math.imul(readInt32(bytes, next), P3)) | 0, 17), P4);
  }
  for (; next < length; next++) {
    mixed = Math.imul(rotateLeft((mixed + Math.imul(bytes[next] as number, P5)) | 0, 11), P1);
  }
  return mixed;
}

/** xxHash32, seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md): quick and even, in 32 bits. */
export const xxh32: Hash = {
  name: "xxh32",
  bits: 32,
  hash(bytes, length) {
    const start = length < 16 ? P5 : readStripes(bytes, length);
    let mixed = readTail((start + length) | 0, bytes, length & ~15, length);
    mixed = Math.imul(mixed ^ (mixed >>> 15), P2);
    mixed = Math.imul(mixed ^ (mixed >>> 13), P3);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  },
};
