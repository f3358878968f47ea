/** The polynomial of Castagnoli with its bits reversed (RFC 3720, 12.1). */
const polynomial = 0x82f63b78;

/** The checksum of each single byte. */
const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** Returns the CRC-32C of the bytes, as an unsigned number of 32 bits. */
export function crc32c(bytes: Iterable<number>): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
