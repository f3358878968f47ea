import { top53 } from "./hashes/bytes.ts";
import { mix32 } from "./hashes/murmur3.ts";

const TWO_32 = 0x1_0000_0000;
const TWO_53 = 2 ** 53;

/** Another hash in [0, 2^53) from a hash, for each whole-number salt: as good as hashing anew, without the key. */
export function rehash(hashed: number, salt: number): number {
  const low = mix32(hashed ^ mix32(salt));
  const high = mix32(Math.floor(hashed / TWO_32) ^ low);
  return top53(high, low);
}

/** The uniform whole number in [0, count) that a hash in [0, 2^53) stands for, by its top bits. */
export function reduce(hashed: number, count: number): number {
  return Math.floor((hashed / TWO_53) * count);
}
