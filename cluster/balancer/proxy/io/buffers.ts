/** Buffers for bytes on their way out. They are used again: garbage of this size would grow the memory faster than it is collected. */

/** Bytes in a buffer: one read, and the head that goes before it. */
export const BUFFER_SIZE = 81_920;
/** More spare buffers than this are left to the garbage collector. */
const MAX_SPARE = 64;
const spare: Buffer[] = [];

/** Returns a buffer with room for `length` bytes at least. */
export const takeBuffer = (length: number): Buffer =>
  (length <= BUFFER_SIZE ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(length, BUFFER_SIZE));

/** Takes back a buffer that nobody reads any more. */
export function giveBuffer(buffer: Buffer): void {
  if (spare.length < MAX_SPARE && buffer.length === BUFFER_SIZE) spare.push(buffer);
}
