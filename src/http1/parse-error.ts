/** Why a message is not taken: the status that a server answers, and what is wrong with it, as the end of a sentence. */
export interface ParseError {
  readonly status: number;
  readonly reason: string;
}

const parseError = (status: number, reason: string): ParseError => ({ status, reason });

/** Every way in which a message can be wrong. An answer that is wrong so is a 502 to whoever waits for it. */
export const parseErrors = {
  requestLine: parseError(400, "its first line is not 'METHOD target HTTP/1.1'"),
  statusLine: parseError(400, "its first line is not 'HTTP/1.1 status reason'"),
  version: parseError(505, "its version of HTTP is neither 1.0 nor 1.1"),
  longMethod: parseError(501, "its method is too long"),
  connect: parseError(405, "it asks for a tunnel"),
  target: parseError(400, "its target cannot be read"),
  longTarget: parseError(414, "its target is too long"),
  fieldLine: parseError(400, "a header line is not 'Name: value' with CRLF at its end"),
  longLine: parseError(431, "a header line is too long"),
  longHead: parseError(431, "its head is too large"),
  manyFields: parseError(431, "it has too many header fields"),
  host: parseError(400, "it names no host, more than one, or what cannot be one"),
  contentLength: parseError(400, "its Content-Length is not one plain number"),
  transferEncoding: parseError(501, "its Transfer-Encoding is not 'chunked'"),
  repeatedEncoding: parseError(400, "it has Transfer-Encoding twice"),
  oldEncoding: parseError(400, "it has Transfer-Encoding in HTTP/1.0"),
  twoLengths: parseError(400, "it has both Content-Length and Transfer-Encoding"),
  connection: parseError(400, "its Connection field names what may not be removed, or too much"),
  chunk: parseError(400, "a chunk of its body is badly framed"),
  longExtensions: parseError(400, "its chunks have too many extensions"),
  trailers: parseError(400, "its trailers cannot be read"),
} as const satisfies Record<string, ParseError>;
