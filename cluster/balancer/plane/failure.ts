import { codeOf, isLocal } from "../config/error-code.ts";
import type { Refusal } from "./refusal.ts";

/** How an attempt at a server can fail before an answer. */
export interface Failure {
  readonly refusal: Refusal;
  /** The connection was never made, so that the server knows nothing of the request. */
  readonly unreached: boolean;
  /** Another attempt may help. */
  readonly again: boolean;
  /** It is the server's doing: one that does so again and again is of no use. */
  readonly blame: boolean;
}

const unreached: Failure = { refusal: "unreachable", unreached: true, again: true, blame: true };
const overloaded: Failure = { refusal: "overloaded", unreached: false, again: false, blame: false };

export const failures = {
  /** No connection to the server came free. */
  full: overloaded,
  connectTimeout: { ...unreached, refusal: "connect-timeout" },
  /** A request that took one server too long is not given to another. */
  answerTimeout: { refusal: "answer-timeout", unreached: false, again: false, blame: true },
  broken: { refusal: "server-failed", unreached: false, again: true, blame: true },
  /** What one server answers badly, another would too. */
  badAnswer: { refusal: "server-failed", unreached: false, again: false, blame: true },
} as const satisfies Record<string, Failure>;

/** Why a connection was not made. */
export const unconnected = (error: Error): Failure => (isLocal(codeOf(error)) ? overloaded : unreached);

/** Methods that ask for nothing to be changed (RFC 9110, 9.2.1). TRACE goes no further than here. */
const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
export const isSafe = (method: string): boolean => safe.has(method);

/** Whether a request may be made twice: that has the same effect as once (RFC 9110, 9.2.2). */
export const isIdempotent = (method: string): boolean => isSafe(method) || method === "PUT" || method === "DELETE";
