/** What a `Transfer-Encoding` value asks of its reader. */
export const TransferEncoding = {
  /** `chunked` alone. */
  chunked: 0,
  /** A valid list that ends in its only `chunked`, behind codings that nobody here decodes: 501 (RFC 9112, 6.1). */
  unknownCoding: 1,
  /** Anything else. The end of such a body cannot be known: 400 (RFC 9112, 6.3). */
  invalid: 2,
} as const;
export type TransferEncoding = (typeof TransferEncoding)[keyof typeof TransferEncoding];

const token = "[!#$%&'*+.^_`|~\\w-]+";
const blanks = "[\\t ]*";
const parameter = `${blanks};${blanks}${token}${blanks}=${blanks}(?:${token}|"(?:[^"\\\\]|\\\\.)*")`;
const other = `(?!chunked[\\t ,;])${token}(?:${parameter})*`;
/**
 * One or more `transfer-coding` (RFC 9112, 7) other than `chunked`, and then `chunked` without parameters. The empty
 * elements that RFC 9110, 5.6.1 lets a list have are invalid: servers disagree on `chunked,`.
 */
const codingsBeforeChunked = new RegExp(`^(?:${other}${blanks},${blanks})+chunked$`, "i");

/** Reads the value of a `Transfer-Encoding` field without the blanks around it. */
export function readTransferEncoding(value: string): TransferEncoding {
  if (value.toLowerCase() === "chunked") return TransferEncoding.chunked;
  return codingsBeforeChunked.test(value) ? TransferEncoding.unknownCoding : TransferEncoding.invalid;
}
