import type { WeightedKeys } from "./weighted-keys.ts";

/** A key that alone has more requests than an even share of them all: no placement can split it. */
export interface HotKey {
  readonly key: string;
  readonly requests: number;
}

/** The keys over an even share. */
export interface HotKeys {
  /** All of them. */
  readonly count: number;
  /** The hottest first, at most ten. */
  readonly keys: HotKey[];
}

const MAX_NAMED = 10;

/**
 * How many keys with equal requests would leave chance as much room as these: (Σr)² / Σr². A few hot keys among a
 * million make it small.
 */
export function effectiveKeys(keys: WeightedKeys): number {
  let squares = 0;
  for (let index = 0; index < keys.count; index++) squares += keys.requestsOf(index) ** 2;
  return squares === 0 ? 0 : keys.requests ** 2 / squares;
}

/** The keys that alone have more than an even share of the requests on that many servers. */
export function hotKeys(keys: WeightedKeys, servers: number): HotKeys {
  const even = keys.requests / servers;
  let count = 0;
  let hottest: HotKey[] = [];
  for (let index = 0; index < keys.count; index++) {
    const requests = keys.requestsOf(index);
    if (requests <= even) continue;
    count++;
    const coolest = hottest[MAX_NAMED - 1];
    if (coolest !== undefined && requests <= coolest.requests) continue;
    hottest = [...hottest, { key: keys.key(index), requests }]
      .toSorted((a, b) => b.requests - a.requests)
      .slice(0, MAX_NAMED);
  }
  return { count, keys: hottest };
}

/** What the keys bring whatever places them, each found when it is first asked for, and once: a pass over all of them. */
export interface KeyFacts {
  hotKeys(servers: number): HotKeys;
  effectiveKeys(): number;
}

export function keyFacts(keys: WeightedKeys): KeyFacts {
  const hot = new Map<number, HotKeys>();
  let effective: number | undefined;
  return {
    hotKeys: (servers) => {
      const found = hot.get(servers) ?? hotKeys(keys, servers);
      hot.set(servers, found);
      return found;
    },
    effectiveKeys: () => {
      effective ??= effectiveKeys(keys);
      return effective;
    },
  };
}
