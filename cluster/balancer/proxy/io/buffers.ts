/** Buffers for bytes on their way out. They are used again: garbage of this size would grow the memory faster than it is collected. */

/** Bytes in a buffer: one read, and the head that goes before it. */
export const bufferSize = 81_920;
/** More spare buffers than this are left to the garbage collector. */
const maxSpare = 64;
const spare: Buffer[] = [];

/** Returns a buffer with room for `length` bytes at least. */
export const takeBuffer = (length: number): Buffer =>
  (length <= bufferSize ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(length, bufferSize));

/** Takes back a buffer that nobody reads any more. */
export function giveBuffer(buffer: Buffer): void {
  if (spare.length < maxSpare && buffer.length === bufferSize) spare.push(buffer);
}
