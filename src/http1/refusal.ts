/** Why a message is not taken: the status that a server answers, and what is wrong with it, as the end of a sentence. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const refusal = (status: number, reason: string): Refusal => ({ status, reason });

/** Every way in which a message can be wrong. An answer that is wrong so is a 502 to whoever waits for it. */
export const refusals = {
  requestLine: refusal(400, "its first line is not 'METHOD target HTTP/1.1'"),
  statusLine: refusal(400, "its first line is not 'HTTP/1.1 status reason'"),
  version: refusal(505, "its version of HTTP is neither 1.0 nor 1.1"),
  longMethod: refusal(501, "its method is too long"),
  connect: refusal(405, "it asks for a tunnel"),
  target: refusal(400, "its target cannot be read"),
  longTarget: refusal(414, "its target is too long"),
  fieldLine: refusal(400, "a header line is not 'Name: value' with CRLF at its end"),
  longLine: refusal(431, "a header line is too long"),
  longHead: refusal(431, "its head is too large"),
  manyFields: refusal(431, "it has too many header fields"),
  host: refusal(400, "it names no host, more than one, or what cannot be one"),
  contentLength: refusal(400, "its Content-Length is not one plain number"),
  transferEncoding: refusal(501, "its Transfer-Encoding is not 'chunked'"),
  repeatedEncoding: refusal(400, "it has Transfer-Encoding twice"),
  oldEncoding: refusal(400, "it has Transfer-Encoding in HTTP/1.0"),
  twoLengths: refusal(400, "it has both Content-Length and Transfer-Encoding"),
  connection: refusal(400, "its Connection field names what may not be removed, or too much"),
  chunk: refusal(400, "a chunk of its body is badly framed"),
  longExtensions: refusal(400, "its chunks have too many extensions"),
  trailers: refusal(400, "its trailers cannot be read"),
} as const satisfies Record<string, Refusal>;
