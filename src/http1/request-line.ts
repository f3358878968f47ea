import { cr, lf } from "./bytes.ts";

/** Bytes in `HTTP/1.1` and its CRLF. */
export const VERSION_LENGTH = 10;

/** The methods that nearly all requests have. A constant is compared by its address; a piece of a text, letter by letter. */
const commonMethods = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"] as const;

/** Returns the method that stands in the first `end` characters of a head. */
export function methodOf(text: string, end: number): string {
  for (const method of commonMethods) if (method.length === end && text.startsWith(method)) return method;
  return text.slice(0, end);
}

/** `HTTP/d.d` and CRLF; 0 stands for a digit. */
const versionLine = [0x48, 0x54, 0x54, 0x50, 0x2f, 0, 0x2e, 0, cr, lf];
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Whether the bytes in [`from`, `stop`) are the beginning of a version and its line end, as far as they have arrived. */
export function mayBeVersion(bytes: Uint8Array, from: number, stop: number): boolean {
  const length = Math.min(VERSION_LENGTH, stop - from);
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[from + at] as number;
    if (versionLine[at] === 0 ? !isDigit(byte) : byte !== versionLine[at]) return false;
  }
  return true;
}
