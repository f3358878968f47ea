/** Paths that are others at the servers: `/api=/data`. */
import { ConfigError } from "./address.ts";

/** `/from[/rest][?query]` is `/to[/rest][?query]` at the servers. */
export interface RewriteRule {
  /** A path without a `/` at its end. */
  readonly from: string;
  readonly to: string;
}

/** A path in the characters of RFC 3986, 3.3; the root is `/`. */
const path = /^\/(?:[\w.~!$&'()*+;:@%-]+(?:\/[\w.~!$&'()*+;:@%-]+)*)?$/;

/** Reads rules apart by commas; throws a ConfigError. */
export const parseRewrites = (text: string): RewriteRule[] => text.split(",").map(parseRewrite);

function parseRewrite(text: string): RewriteRule {
  const [from = "", to = "", ...rest] = text.trim().split("=");
  if (rest.length > 0 || !path.test(from) || !path.test(to))
    throw new ConfigError(`'${text}' is no rewrite: write /from=/to, such as /api=/data`);
  return { from: from === "/" ? "" : from, to: to === "/" ? "" : to };
}

/** Returns what a path, with its query, is at the servers: by the first rule whose prefix ends where a segment of the path does. */
export function rewriteTarget(target: string, rules: readonly RewriteRule[]): string {
  for (const { from, to } of rules) {
    if (!target.startsWith(from)) continue;
    const rest = target.slice(from.length);
    if (rest === "" || rest.startsWith("/") || rest.startsWith("?")) return to === "" ? withRoot(rest) : to + rest;
  }
  return target;
}

const withRoot = (rest: string): string => (rest.startsWith("/") ? rest : `/${rest}`);
