import { Field } from "./field-names.ts";
import type { Fields } from "./fields.ts";
import { type ParseError, parseErrors } from "./parse-error.ts";

/** How a message tells where its body ends (RFC 9112, 6.3). */
export const Framing = {
  /** There is no body. */
  none: 0,
  /** `Content-Length` counts its bytes. */
  length: 1,
  /** A chunk of size 0 ends it. */
  chunked: 2,
  /** The end of the connection ends it. */
  close: 3,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

const isChunked = ({ present }: Fields): boolean => (present & (1 << Field.transferEncoding)) !== 0;

/** Returns how the body of a valid request is framed. */
export function requestFraming({ fields }: { readonly fields: Fields }): Framing {
  if (isChunked(fields)) return Framing.chunked;
  return fields.contentLength > 0 ? Framing.length : Framing.none;
}

/** Returns how the body of a valid response is framed. `method` is that of its request. */
export function responseFraming(
  { fields, status }: { readonly fields: Fields; readonly status: number },
  method: string,
): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return Framing.none;
  if (isChunked(fields)) return Framing.chunked;
  if (fields.contentLength < 0) return Framing.close;
  return fields.contentLength === 0 ? Framing.none : Framing.length;
}

/**
 * Returns why the framing fields of a whole head, which are each valid, are invalid together (RFC 9112, 6.1 and 6.3): two
 * readers could find the end of the body in two places. 400 goes before 501.
 */
export function framingError(fields: Fields, minor: number): ParseError | null {
  if (!isChunked(fields)) return null;
  if (fields.contentLength >= 0) return parseErrors.twoLengths;
  if (minor === 0) return parseErrors.oldEncoding;
  return fields.hasUnknownCoding ? parseErrors.unknownCoding : null;
}
