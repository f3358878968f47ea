import { hashText } from "../key.ts";
import { trailingNumber } from "../numbering.ts";
import { remainder } from "../remainder.ts";
import type { Hash } from "../types.ts";
import { xxh64 } from "./xxh64.ts";

const BITS = 9;
/** The slots of the assignment's ring: 512. */
const SLOTS = 2 ** BITS;

/** A six-digit number, 100000…999999, from a hash. */
const sixDigits = (hashed: number): number => 100_000 + remainder(hashed, 900_000);

/** A request's id: a key of up to 15 decimal digits is itself, any other a hash of six digits. */
export const requestId: Hash = {
  name: "request-id",
  bits: 53,
  hash(bytes, length) {
    if (length === 0 || length > 15) return sixDigits(xxh64.hash(bytes, length));
    let id = 0;
    for (let at = 0; at < length; at++) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) return sixDigits(xxh64.hash(bytes, length));
      id = id * 10 + digit;
    }
    return id;
  },
};

/** A server's id: the whole number at the end of its name (server-3, S5); of a name that has none, or a port, a hash. */
export function serverId(name: string): number {
  return trailingNumber(name) ?? sixDigits(hashText(xxh64, name));
}

/** H(i) = i² + 2i + 17 mod slots. Reduced before it is squared, so that no product passes 2^53. */
export function requestSlot(id: number, slots: number): number {
  const i = remainder(id, slots);
  return (i * i + 2 * i + 17) % slots;
}

/** Φ(i, j) = i² + j² + 2j + 25 mod slots. */
export function vnodeSlot(id: number, j: number, slots: number): number {
  const i = remainder(id, slots);
  return (i * i + j * j + 2 * j + 25) % slots;
}

/**
 * The two functions of the well-known distributed-systems assignment, over its 512 slots: H for keys, Φ for the vnodes
 * of servers, which it numbers from 1. For any policy that takes a hash, to see what a poor one does to it: H reaches 87
 * slots, so 87 different hashes are all there are.
 */
export const quadratic: Hash = {
  name: "quadratic",
  bits: BITS,
  // H depends on an id's remainder only.
  values: Array.from({ length: SLOTS }, (_, id) => requestSlot(id, SLOTS)),
  hash: (bytes, length) => requestSlot(requestId.hash(bytes, length), SLOTS),
  hashVnode: (_bytes, _length, server, vnode) => vnodeSlot(serverId(server), vnode + 1, SLOTS),
};
