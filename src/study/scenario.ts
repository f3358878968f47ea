import { usageError } from "../errors.ts";
import { serverCounts, wholeNumber } from "../numbers.ts";
import {
  createPlacement,
  defaultHash,
  formatPolicy,
  type Member,
  type Modules,
  type Placement,
  parseHash,
  parseMembers,
  parsePolicy,
} from "../placement/index.ts";

/** More servers than this in one placement is a mistake. */
const MAX_SERVERS = 10_000;

/** server-1 … server-n, as a fleet has them. */
const numbered = (n: number): Member[] => Array.from({ length: n }, (_, i) => ({ name: `server-${i + 1}`, weight: 1 }));

/** The servers of a study offline. */
export interface StudiedServers {
  /** Whether they were named, and so are the same in every run. */
  readonly named: boolean;
  /** The servers of each step, in run 0 ≤ `run`: a later run's have other names, for a ring's points hang on them. */
  readonly membersOf: (run: number) => readonly (readonly Member[])[];
}

/**
 * Reads the servers of a study: numbers of them (`2..6`, `2,4,8`), with weights that take turns (`1,1,2`) or without;
 * or, as one step, names with addresses and weights. Anything else is a usage error or a PlacementError.
 */
export function studiedServers(text: string, weights: string | undefined): StudiedServers {
  if (/[a-z:*=]/i.test(text)) {
    if (weights !== undefined)
      throw usageError("--weights goes with numbers of servers: write a named server's weight after it, as in a*2,b.");
    const members = parseMembers(text);
    return { named: true, membersOf: () => [members] };
  }
  const counts = serverCounts(text, MAX_SERVERS);
  const turns = weights === undefined ? [1] : parseWeights(weights);
  return { named: false, membersOf: (run) => counts.map((n) => inRun(run, numbered(n), turns)) };
}

const inRun = (run: number, members: readonly Member[], weights: readonly number[]): Member[] =>
  members.map(({ name }, i) => ({
    name: run === 0 ? name : `run-${run + 1}-${name}`,
    weight: weights[i % weights.length] ?? 1,
  }));

/** Reads weights as a list of servers has them. */
const parseWeights = (text: string): number[] =>
  parseMembers(
    text
      .split(",")
      .map((weight, i) => `server-${i + 1}*${weight.trim()}`)
      .join(","),
  ).map(({ weight }) => weight);

/** `3` is server-1 to server-3; anything else is a list of names, with addresses and weights or without. */
export function parseServers(text: string): readonly Member[] {
  return /^\d+$/.test(text) ? numbered(wholeNumber(text, "--servers", 1, MAX_SERVERS)) : parseMembers(text);
}

/** A placement of keys on certain servers: what runs today, or what might run tomorrow. */
export interface Scenario {
  readonly text: string;
  readonly members: readonly Member[];
  readonly placement: Placement;
}

/** Parses `POLICY[/HASH]@SERVERS`, e.g. `ring@4`, `ring:vnodes=40/md5@5` or `maglev@a*2,b,c`; modules by their names. */
export function parseScenario(text: string, modules?: Modules): Scenario {
  const [, policy, hash, servers] = /^([^/@]+)(?:\/([^@]+))?@(.+)$/.exec(text) ?? [];
  if (policy === undefined || servers === undefined)
    throw usageError(
      `"${text}" can't be read: write POLICY@SERVERS or POLICY/HASH@SERVERS, such as ring@4 or ring/md5@a*2,b.`,
    );
  const spec = parsePolicy(policy, modules);
  const members = parseServers(servers);
  const placement = createPlacement(spec, parseHash(hash ?? defaultHash, modules), members);
  return { text: `${formatPolicy(spec)}${hash === undefined ? "" : `/${hash}`}@${servers}`, members, placement };
}
