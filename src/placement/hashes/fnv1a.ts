import type { Hash } from "../types.ts";
import { top53 } from "./bytes.ts";

/**
 * FNV-1a, 64 bits (RFC 9923): the top 53 bits. Its prime is 2^40 + 0x1b3, so a product is one small multiplication
 * and a shift. Its top bits mix the last bytes poorly, and keys that differ only at their ends stay close together.
 */
export const fnv1a: Hash = {
  name: "fnv1a",
  bits: 53,
  hash(bytes, length) {
    let high = 0xcbf29ce4;
    let low = 0x84222325;
    for (let at = 0; at < length; at++) {
      low ^= bytes[at] as number;
      const product = (low >>> 0) * 0x1b3; // below 2^41: exact
      high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x100000000) + (low << 8)) | 0;
      low = product | 0;
    }
    return top53(high, low);
  },
};
