import type { KeySource } from "./key-source.ts";

/** 10.0.0.0/8 has this many addresses, and each is one client. */
export const MAX_CLIENTS = 2 ** 24;

const MASK = MAX_CLIENTS - 1;
/** ".0" to ".255": joining four constants is quicker than formatting three numbers. */
const OCTETS = Array.from({ length: 256 }, (_, octet) => `.${octet}`);

/**
 * A permutation of the 24-bit numbers that `seed` picks: each step (add, multiply by an odd number, fold the high half
 * onto the low one) can be undone, so no two indices meet.
 */
function permute(index: number, seed: number): number {
  let mixed = (index + Math.imul(seed, 0x9e3779b1)) & MASK;
  for (let round = 0; round < 3; round++) {
    mixed = Math.imul(mixed, 0x85ebca6b) & MASK;
    mixed ^= mixed >>> 12;
    mixed = (mixed + (seed >>> (round * 8))) & MASK;
  }
  return mixed;
}

/**
 * The address of client `index` (0-based), in 10.0.0.0/8: the same for the same seed (a 32-bit integer), and different
 * for every index below MAX_CLIENTS, after which they come again.
 */
export function clientAddress(index: number, seed: number): string {
  const host = permute(index & MASK, seed);
  return `10${OCTETS[host >>> 16]}${OCTETS[(host >>> 8) & 0xff]}${OCTETS[host & 0xff]}`;
}

/** `count` clients, one key each. */
export function clientKeys(count: number, seed: number): KeySource {
  return { count, key: (index) => clientAddress(index, seed) };
}
