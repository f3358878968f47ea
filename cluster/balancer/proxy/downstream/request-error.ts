import type { ParseError } from "../../../../src/http1/index.ts";
import type { RequestError } from "../contract.ts";

const byStatus: Readonly<Record<number, RequestError>> = {
  405: "method-not-allowed",
  414: "target-too-long",
  431: "head-too-large",
  501: "not-implemented",
  505: "version-not-supported",
};

/** Returns the local reply to a request that could not be read. */
export const requestErrorOf = (error: ParseError | null): RequestError =>
  byStatus[error?.status ?? 400] ?? "bad-request";
