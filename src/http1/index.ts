/**
 * Reads HTTP/1.1 messages (RFC 9112) and the headers of the PROXY protocol, strictly: what two readers could understand in two
 * ways is invalid. The codec is pure: bytes in, values out.
 */
export { BodyReader } from "./body.ts";
export type { Decode } from "./bytes.ts";
export { chunkHead } from "./chunks.ts";
export type { ConnectionOptions } from "./connection.ts";
export { Field, fieldSet } from "./field-names.ts";
export type { HeadLimits } from "./field-reader.ts";
export type { Fields } from "./fields.ts";
export { Framing, requestFraming, responseFraming } from "./framing.ts";
export type { ParseError } from "./parse-error.ts";
export { readProxyHeader } from "./proxy-protocol.ts";
export { RequestHead } from "./request.ts";
export { ResponseHead } from "./response.ts";
export { INCOMPLETE, INVALID } from "./result.ts";
