/** HTTP/1.1 on the wire (RFC 9112), strictly: what two readers could take in two ways is refused. Pure: bytes in, values out. */
export { BodyReader, chunkHead, Framing, requestFraming, responseFraming } from "./body.ts";
export type { Decode } from "./bytes.ts";
export { type HeadLimits, incomplete, invalid } from "./fields.ts";
export { Field, fieldSet } from "./names.ts";
export type { ParseError } from "./parse-error.ts";
export { readProxyHeader } from "./proxy-protocol.ts";
export { RequestHead } from "./request.ts";
export { ResponseHead } from "./response.ts";
