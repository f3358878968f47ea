import type { Hash } from "./types.ts";

/** Reused for every key, so that hashing allocates nothing; replaced by a larger one for a long key. */
let scratch = new Uint8Array(256);
const encoder = new TextEncoder();
/** Up to about so many characters a loop is quicker than the encoder, which takes the same time for most lengths. */
const SHORT = 16;

/** Writes `text` to the scratch buffer as UTF-8 and returns its length in bytes. */
function encode(text: string): number {
  // One UTF-16 unit is at most three bytes of UTF-8.
  if (scratch.length < text.length * 3) scratch = new Uint8Array(text.length * 6);
  if (text.length > SHORT) return encoder.encodeInto(text, scratch).written;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // encodeInto also turns a lone surrogate into U+FFFD, as every TextEncoder does.
    if (unit > 0x7f) return encoder.encodeInto(text, scratch).written;
    scratch[i] = unit;
  }
  return text.length;
}

/** The hash of a string's UTF-8 bytes: the one way in which keys are hashed. */
export function hashText(hash: Hash, text: string): number {
  const length = encode(text);
  return hash.hash(scratch, length);
}

/** The hash of one of a server's points: its name, and a suffix that keeps it apart from the server's other points. */
export function hashPoint(hash: Hash, server: string, suffix = "", vnode = 0): number {
  if (hash.hashVnode === undefined) return hashText(hash, server + suffix);
  const length = encode(server + suffix);
  return hash.hashVnode(scratch, length, server, vnode);
}
