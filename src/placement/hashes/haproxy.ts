import type { Hash } from "../types.ts";
import { rotateLeft } from "./bytes.ts";
import { crc32 } from "./crc32.ts";

/** sdbm's: hash · 65599 + byte. HAProxy's default. */
const sdbm: Hash = {
  name: "sdbm",
  bits: 32,
  hash(bytes, length) {
    let hash = 0;
    for (let at = 0; at < length; at++) hash = (Math.imul(hash, 65_599) + (bytes[at] as number)) | 0;
    return hash >>> 0;
  },
};

/** Bernstein's second: hash · 33 + byte, from 5381. */
const djb2: Hash = {
  name: "djb2",
  bits: 32,
  hash(bytes, length) {
    let hash = 5381;
    for (let at = 0; at < length; at++) hash = (Math.imul(hash, 33) + (bytes[at] as number)) | 0;
    return hash >>> 0;
  },
};

/** HAProxy's own wt6: two words that are swapped and rotated by what the bytes before have made of them. */
const wt6: Hash = {
  name: "wt6",
  bits: 32,
  hash(bytes, length) {
    let h0 = 0xa53c965a | 0;
    let h1 = 0x5ca6953a;
    let left0 = 6;
    let left1 = 18;
    for (let at = 0; at < length; at++) {
      h0 = ~(h0 ^ (bytes[at] as number));
      h1 = ~(h1 + (bytes[at] as number));
      const turned = rotateLeft(h1, left0);
      h1 = rotateLeft(h0, left1);
      h0 = turned;
      const mixed = ((h0 >>> 16) ^ h1) & 0xffff;
      left0 = mixed & 0x1f;
      left1 = mixed >>> 11;
    }
    return (h0 ^ h1) >>> 0;
  },
};

/** The functions that HAProxy's `hash-type` can name (configuration manual, section 4.2), by name. */
export const haproxyHashes = { sdbm, djb2, wt6, crc32 } satisfies Record<string, Hash>;

/**
 * HAProxy's avalanche of a 32-bit integer, one of Bob Jenkins' (http://burtleburtle.net/bob/hash/integer.html) times
 * a prime near three quarters of 2^32. Different integers stay different.
 */
export function fullHash(value: number): number {
  let a = (value + 0x7ed55d16 + (value << 12)) | 0;
  a = a ^ 0xc761c23c ^ (a >>> 19);
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = ((a + 0xd3a2646c) ^ (a << 9)) | 0;
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = a ^ 0xb55a4f09 ^ (a >>> 16);
  return Math.imul(a, 3_221_225_473) >>> 0;
}
