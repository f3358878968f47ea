import { clientAddress } from "./client-keys.ts";
import type { KeySource } from "./key-source.ts";

/** Distinct keys, each with the requests that carry it: made when asked for, so that many of them take no memory. */
export interface WeightedKeys extends KeySource {
  /** Requests in all. */
  readonly requests: number;
  /** Whether some keys are hotter than others. */
  readonly skewed: boolean;
  /** The requests of that key; a share of a request where the distribution says so. */
  requestsOf(index: number): number;
}

/** `count` clients that share `requests` requests evenly: one each unless said otherwise. */
export function uniformKeys(count: number, seed: number, requests = count): WeightedKeys {
  const each = Math.floor(requests / count);
  const onceMore = requests % count;
  return {
    count,
    requests,
    skewed: false,
    key: (index) => clientAddress(index, seed),
    requestsOf: (index) => (index < onceMore ? each + 1 : each),
  };
}

/**
 * `requests` requests over `count` clients by Zipf's law: the client of rank r has a share in proportion to 1/r^exponent.
 * Shares are exact, not drawn: what is uneven is the placement's doing, or the keys', never luck.
 */
export function zipfKeys(count: number, requests: number, exponent: number, seed: number): WeightedKeys {
  const scale = requests / generalizedHarmonic(count, exponent);
  return {
    count,
    requests,
    skewed: true,
    key: (index) => clientAddress(index, seed),
    requestsOf: (index) => scale * (index + 1) ** -exponent,
  };
}

/** Σ r^−exponent for r = 1…n, summed from the small end, where rounding costs least. */
function generalizedHarmonic(n: number, exponent: number): number {
  let sum = 0;
  for (let rank = n; rank >= 1; rank--) sum += rank ** -exponent;
  return sum;
}

/** Keys as they were counted. */
export function countedKeys(counts: ReadonlyMap<string, number>): WeightedKeys {
  const keys = [...counts.keys()];
  const requests = [...counts.values()];
  return {
    count: keys.length,
    requests: requests.reduce((total, count) => total + count, 0),
    skewed: true,
    key: (index) => keys[index] ?? "",
    requestsOf: (index) => requests[index] ?? 0,
  };
}
