import type { Hash } from "../types.ts";
import { readInt32, rotateLeft } from "./bytes.ts";

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const scramble = (block: number): number => Math.imul(rotateLeft(Math.imul(block, C1), 15), C2);

/** The last one to three bytes, little-endian; 0 when there are none. */
function readTail(bytes: Uint8Array, from: number, length: number): number {
  let tail = 0;
  for (let at = length - 1; at >= from; at--) tail = (tail << 8) | (bytes[at] as number);
  return tail;
}

/** Murmur3's finaliser: every bit of the result depends on every bit of `state`. Signed. */
export function mix32(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** MurmurHash3_x86_32 with seed 0 (https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp). */
export const murmur3: Hash = {
  name: "murmur3",
  bits: 32,
  hash(bytes, length) {
    const blocksEnd = length & ~3;
    let state = 0;
    for (let at = 0; at < blocksEnd; at += 4) {
      state = Math.imul(rotateLeft(state ^ scramble(readInt32(bytes, at)), 13), 5) + 0xe6546b64;
    }
    return mix32(state ^ scramble(readTail(bytes, blocksEnd, length)) ^ length) >>> 0;
  },
};
