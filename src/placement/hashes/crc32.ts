import type { Hash } from "../types.ts";

/** The reflected polynomial of IEEE 802.3, as zlib, gzip and nginx use it. */
const POLYNOMIAL = 0xedb88320;

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** Goes on with a running CRC: −1 begins one, and its complement ends it. */
export function updateCrc32(crc: number, bytes: Uint8Array, length: number): number {
  for (let at = 0; at < length; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return crc;
}

/** CRC-32 (RFC 1952, section 8). It is linear, made to find errors and not to spread keys: expect clusters. */
export const crc32: Hash = {
  name: "crc32",
  bits: 32,
  hash: (bytes, length) => ~updateCrc32(-1, bytes, length) >>> 0,
};
