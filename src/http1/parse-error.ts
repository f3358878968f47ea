/** Why a message cannot be parsed. */
export interface ParseError {
  /** The status of the response that a server gives to such a request. */
  readonly status: number;
  /** What is wrong, to stand behind "The message is invalid: ". */
  readonly reason: string;
}

const parseError = (status: number, reason: string): ParseError => ({ status, reason });

/** Every way in which a message can be invalid. For a response the status does not count: its client gets a 502. */
export const parseErrors = {
  requestLine: parseError(400, "its first line is not 'METHOD target HTTP/1.1'"),
  statusLine: parseError(400, "its first line is not 'HTTP/1.1 status reason'"),
  version: parseError(505, "its version of HTTP is not 1.x"),
  longMethod: parseError(501, "its method is too long"),
  connect: parseError(405, "it asks for a tunnel"),
  target: parseError(400, "its target cannot be read"),
  longTarget: parseError(414, "its target is too long"),
  fieldLine: parseError(400, "a field line is not 'Name: value' with CRLF at its end"),
  longLine: parseError(431, "a field line is too long"),
  longHead: parseError(431, "its head is too large"),
  manyFields: parseError(431, "it has too many fields"),
  host: parseError(400, "it names no host, several, or one that cannot exist"),
  contentLength: parseError(400, "its Content-Length is not one plain number"),
  transferEncoding: parseError(400, "its Transfer-Encoding does not end in exactly one 'chunked'"),
  unknownCoding: parseError(501, "its Transfer-Encoding has a coding before 'chunked' that is not known"),
  repeatedEncoding: parseError(400, "it has Transfer-Encoding twice"),
  oldEncoding: parseError(400, "it has Transfer-Encoding in HTTP/1.0"),
  twoLengths: parseError(400, "it has both Content-Length and Transfer-Encoding"),
  connection: parseError(400, "its Connection field names a field that must stay, or too many"),
  chunk: parseError(400, "a chunk of its body is badly framed"),
  longExtensions: parseError(400, "its chunks have too many extensions"),
  trailers: parseError(400, "its trailers cannot be read"),
} as const satisfies Record<string, ParseError>;
