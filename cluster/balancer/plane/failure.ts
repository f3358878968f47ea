import { isLocal } from "../error-code.ts";
import type { Refusal } from "./refusal.ts";

/** How an attempt at a server can fail before an answer. */
export interface Failure {
  readonly refusal: Refusal;
  /** The connection was never made, so that the server knows nothing of the request. */
  readonly unreached: boolean;
  /** Another attempt may help. */
  readonly again: boolean;
  /** It is the server's doing. */
  readonly blame: boolean;
  /** The server had the request and gave no answer: a server that does so again and again is of no use. */
  readonly lost: boolean;
}

const unreached: Failure = { refusal: "unreachable", unreached: true, again: true, blame: true, lost: false };
const connectTimeout: Failure = { ...unreached, refusal: "connect-timeout" };
/** A request that took one server too long is not given to another. */
const answerTimeout: Failure = { refusal: "answer-timeout", unreached: false, again: false, blame: true, lost: true };
const broken: Failure = { refusal: "server-failed", unreached: false, again: true, blame: true, lost: true };
/** What one server answers badly, another would too. */
const badAnswer: Failure = { refusal: "server-failed", unreached: false, again: false, blame: true, lost: false };
const badRequest: Failure = { refusal: "bad-request", unreached: false, again: false, blame: false, lost: false };
const overloaded: Failure = { ...badRequest, refusal: "overloaded" };

const byCode: Readonly<Record<string, Failure>> = {
  UND_ERR_CONNECT_TIMEOUT: connectTimeout,
  UND_ERR_HEADERS_TIMEOUT: answerTimeout,
  UND_ERR_BODY_TIMEOUT: answerTimeout,
  UND_ERR_HEADERS_OVERFLOW: badAnswer,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: badAnswer,
  // An answer that undici's own code did not expect.
  ERR_ASSERTION: badAnswer,
  UND_ERR_INVALID_ARG: badRequest,
  UND_ERR_NOT_SUPPORTED: badRequest,
  // Thrown when the answer's head cannot be passed on.
  ERR_HTTP_INVALID_STATUS_CODE: badAnswer,
  ERR_INVALID_CHAR: badAnswer,
  ERR_INVALID_HTTP_TOKEN: badAnswer,
};

/** Tells undici's errors and the system's apart. */
export function classify(error: NodeJS.ErrnoException): Failure {
  const known = byCode[error.code ?? ""];
  if (known !== undefined) return known;
  if (isLocal(error.code ?? "")) return overloaded;
  if (isMalformed(error)) return badAnswer;
  // Several addresses behind one name, none to be reached: Node puts the attempts into one error.
  const neverMade = error.syscall === "connect" || error.syscall === "getaddrinfo" || error instanceof AggregateError;
  return neverMade ? unreached : broken;
}

/** Not every parser error of undici has a code, and a 101 that nobody asked for has but the code of any broken socket. */
const isMalformed = ({ name, message }: Error): boolean =>
  name === "HTTPParserError" || message === "bad upgrade" || message === "bad response";

/** Methods that may be made twice (RFC 9110, 9.2.2) and are known to change nothing. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a request that failed so may be made again, here or elsewhere. */
export const mayRetry = (failure: Failure, method: string, hasBody: boolean): boolean =>
  failure.unreached || (failure.again && !hasBody && repeatable.has(method));
