/** A request as the access log tells of it. */
import { hash } from "node:crypto";
import type { HashKey } from "../config/hash-key.ts";

/** What is known of a request; what is not yet, or never will be, is null. Filled in on the request's way. */
export interface AccessLogEntry {
  /** The client's address, as the key `client-ip` has it. */
  readonly client: string;
  /** Null, as the target, where the request could not be read. */
  readonly method: string | null;
  readonly target: string | null;
  readonly key: string | null;
  /** As sent to the client; null where it left before there was one. */
  status: number | null;
  /** Bytes of the bodies; of a tunnel all that went through it. */
  requestBytes: number;
  responseBytes: number;
  /** The server that was tried last. */
  server: string | null;
  attempts: number;
  /** To the head of the server's response, and to the end of it, in milliseconds since the request's head was there. */
  firstByteMs: number | null;
  durationMs: number;
  /** Why the response is the balancer's own, or did not reach the client whole. */
  reason: string | null;
  /** The request id that the response carried; null where it carried none. */
  id: string | null;
}

/** What a request is known by when it has come; `key` is what its server is chosen by. */
export const newAccessLogEntry = (
  client: string,
  method: string | null,
  target: string | null,
  key: string | null,
): AccessLogEntry => ({
  client,
  method,
  target,
  key,
  status: null,
  requestBytes: 0,
  responseBytes: 0,
  server: null,
  attempts: 0,
  firstByteMs: null,
  durationMs: 0,
  reason: null,
  id: null,
});

/** Longer targets and keys are cut off here: a line stays below the 4,096 bytes that pipes take as a whole. */
const LONGEST_TARGET = 1_024;
const LONGEST_KEY = 256;

/** The line of a request that has ended now, with its end: JSON in ASCII. `answerBytes` is a former name of `responseBytes`. */
export function formatAccessLogEntry(entry: AccessLogEntry): string {
  const { status, requestBytes, responseBytes, attempts, firstByteMs, durationMs } = entry;
  const target = entry.target === null ? null : withoutSecrets(entry.target);
  const targetText = text(target, LONGEST_TARGET);
  const keyText =
    entry.key !== null && entry.key === entry.target ? text(target, LONGEST_KEY) : text(entry.key, LONGEST_KEY);
  return (
    `{"time":"${timeOf(Date.now() - durationMs)}","client":${text(entry.client, LONGEST_KEY)},"method":${text(entry.method, LONGEST_KEY)},` +
    `"target":${targetText},"status":${status},"requestBytes":${requestBytes},"responseBytes":${responseBytes},"answerBytes":${responseBytes},` +
    `"key":${keyText},"server":${text(entry.server, LONGEST_KEY)},"attempts":${attempts},` +
    `"firstByteMs":${firstByteMs === null ? null : rounded(firstByteMs)},"durationMs":${rounded(durationMs)},` +
    `"reason":${text(entry.reason, LONGEST_KEY)},"id":${text(entry.id, LONGEST_KEY)}}\n`
  );
}

/** To a microsecond. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** What JSON has to escape, and what a terminal or another reader of bytes might take for more than text. */
const unsafe = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const notAscii = /[^\x20-\x7e]/g;

function text(value: string | null, longest: number): string {
  if (value === null) return "null";
  const cut = value.length > longest ? `${value.slice(0, longest)}...` : value;
  if (!unsafe.test(cut)) return `"${cut}"`;
  return JSON.stringify(cut).replace(
    notAscii,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

let second = Number.NaN;
let prefix = "";

/** RFC 3339, in UTC. The text of a second is made once. */
function timeOf(ms: number): string {
  const whole = Math.floor(ms);
  const now = Math.floor(whole / 1_000);
  if (now !== second) {
    second = now;
    prefix = new Date(now * 1_000).toISOString().slice(0, 20);
  }
  return `${prefix}${String(whole - now * 1_000).padStart(3, "0")}Z`;
}

/** In the names of what should not stand in a target, and does: `access_token`, `api_key`, … */
const secretName = /token|passw|pwd|secret|signature|api_?key|auth|session|credential|jwt/i;

function withoutSecrets(target: string): string {
  const query = target.indexOf("?") + 1;
  if (query === 0 || !secretName.test(target)) return target;
  return target.slice(0, query) + target.slice(query).split("&").map(withoutSecret).join("&");
}

function withoutSecret(pair: string): string {
  const value = pair.indexOf("=") + 1;
  return value > 0 && secretName.test(pair.slice(0, value)) ? `${pair.slice(0, value)}-` : pair;
}

/** How a key of a kind is logged: a header field or cookie may be a credential. */
export function keyTeller(spec: HashKey): (key: string) => string {
  if (isSecret(spec)) return (key) => `sha256:${hash("sha256", key, "hex").slice(0, 16)}`;
  return spec.kind === "uri" ? withoutSecrets : (key) => key;
}

const isSecret = (spec: HashKey): boolean =>
  "name" in spec &&
  (spec.kind !== "query" || secretName.test(spec.name) || (spec.otherwise !== undefined && isSecret(spec.otherwise)));
