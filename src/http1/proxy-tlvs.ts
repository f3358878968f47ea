import { crc32c } from "./crc32c.ts";

/** PP2_TYPE_CRC32C: four bytes, the most significant one first (proxy-protocol.txt, 2.2.3). */
const crc32cType = 0x03;
const CRC32C_LENGTH = 4;
/** Bytes of a TLV before its value: the type, and the length in two bytes. */
const TLV_PREFIX_LENGTH = 3;

/**
 * Whether the TLVs (type, length, value) of a whole PROXY header of version 2, which begin at `from`, end where the header
 * ends, and the checksum among them, if any, is right. Other TLVs are not read.
 */
export function hasValidTlvs(header: Uint8Array, from: number): boolean {
  let checksumAt = -1;
  let at = from;
  while (at + TLV_PREFIX_LENGTH <= header.length) {
    const [type = 0, high = 0, low = 0] = header.subarray(at, at + TLV_PREFIX_LENGTH);
    const length = high * 256 + low;
    if (type === crc32cType) {
      if (length !== CRC32C_LENGTH || checksumAt >= 0) return false;
      checksumAt = at + TLV_PREFIX_LENGTH;
    }
    at += TLV_PREFIX_LENGTH + length;
  }
  return at === header.length && (checksumAt < 0 || hasChecksum(header, checksumAt));
}

/** Whether the four bytes at `at` are the CRC-32C of the whole header, computed with zeros in their place. */
function hasChecksum(header: Uint8Array, at: number): boolean {
  const expected = header.subarray(at, at + CRC32C_LENGTH).reduce((number, byte) => number * 256 + byte, 0);
  return crc32c(header.map((byte, index) => (index >= at && index < at + CRC32C_LENGTH ? 0 : byte))) === expected;
}
