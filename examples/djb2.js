// A hash of one's own: Bernstein's djb2 (the variant with xor), as textbooks have it. Quick and short, and not good at
// keys that differ only at their ends: compare it with another by
//   lbctl analyze --simulate --policy ring,modulo --hash xxh64,./examples/djb2.js

/** @type {import("lbctl").HashBytes} */
export function hash(bytes) {
  let h = 5381;
  for (const byte of bytes) h = Math.imul(h, 33) ^ byte;
  // Bit operations make signed numbers; a hash is one from 0 to 2^32 − 1.
  return h >>> 0;
}
