import type { Decode, HeadLimits } from "../../../src/http1/index.ts";

/** What HAProxy, nginx and Apache allow a request: lines of 8 KiB, four of them, and a hundred fields. */
export const requestLimits: HeadLimits = { line: 8_192, head: 32_768, fields: 100 };
/** Servers are given more room: cookies are long. */
export const answerLimits: HeadLimits = { line: 16_384, head: 65_536, fields: 200 };

export const latin1: Decode = (bytes, from, to) =>
  Buffer.isBuffer(bytes) ? bytes.toString("latin1", from, to) : Buffer.from(bytes).toString("latin1", from, to);
