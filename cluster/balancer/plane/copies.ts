import type { Socket } from "node:net";

const size = 65_536;
/** A copy of so few bytes is not worth keeping. */
const small = 4_096;
/** More than this many are given back to the heap. */
const maxSpare = 64;
const spare: Buffer[] = [];

/**
 * Writes a copy of bytes whose buffer is used again. The copies are used again too: garbage of this size would grow the
 * memory faster than it is collected.
 */
export function writeCopy(socket: Socket, bytes: Buffer, from: number, to: number): void {
  if (to - from <= small) {
    socket.write(Buffer.from(bytes.subarray(from, to)));
    return;
  }
  const copy = (to - from <= size ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(size, to - from));
  bytes.copy(copy, 0, from, to);
  socket.write(copy.subarray(0, to - from), () => {
    if (spare.length < maxSpare && copy.length === size) spare.push(copy);
  });
}
