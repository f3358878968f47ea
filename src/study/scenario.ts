import { usageError } from "../errors.ts";
import { wholeNumber } from "../numbers.ts";
import {
  createPlacement,
  defaultHash,
  formatPolicy,
  type Member,
  type Placement,
  parseHash,
  parseMembers,
  parsePolicy,
} from "../placement/index.ts";

/** More servers than this in one placement is a mistake. */
export const mostServers = 10_000;

/** server-1 … server-n, as a fleet has them. */
export const numbered = (n: number): Member[] =>
  Array.from({ length: n }, (_, i) => ({ name: `server-${i + 1}`, weight: 1 }));

/** `3` is server-1 to server-3; anything else is a list of names, with addresses and weights or without. */
export function parseServers(text: string): readonly Member[] {
  return /^\d+$/.test(text) ? numbered(wholeNumber(text, "--servers", 1, mostServers)) : parseMembers(text);
}

/** A way to place keys on certain servers: what runs today, or what might run tomorrow. */
export interface Scenario {
  readonly text: string;
  readonly members: readonly Member[];
  readonly placement: Placement;
}

/** Parses `POLICY[/HASH]@SERVERS`, e.g. `ring@4`, `ring:vnodes=40/md5@5` or `maglev@a*2,b,c`. */
export function parseScenario(text: string): Scenario {
  const [, policy, hash, servers] = /^([^/@]+)(?:\/([^@]+))?@(.+)$/.exec(text) ?? [];
  if (policy === undefined || servers === undefined)
    throw usageError(
      `"${text}" can't be read: write POLICY@SERVERS or POLICY/HASH@SERVERS, such as ring@4 or ring/md5@a*2,b.`,
    );
  const spec = parsePolicy(policy);
  const members = parseServers(servers);
  const placement = createPlacement(spec, hash === undefined ? defaultHash : parseHash(hash), members);
  return { text: `${formatPolicy(spec)}${hash === undefined ? "" : `/${hash}`}@${servers}`, members, placement };
}
