import { clientAddress } from "./client-keys.ts";

/** Distinct keys, each with the requests that carry it: made when asked for, so that many of them take no memory. */
export interface WeightedKeys {
  /** Distinct keys. */
  readonly count: number;
  /** Requests in all. */
  readonly requests: number;
  /** The key of 0 ≤ index < count: the same on every call. */
  key(index: number): string;
  /** The requests of that key; a share of a request where the distribution says so. */
  requestsOf(index: number): number;
}

/** `count` clients with one request each. */
export const uniformKeys = (count: number, seed: number): WeightedKeys => ({
  count,
  requests: count,
  key: (index) => clientAddress(index, seed),
  requestsOf: () => 1,
});

/**
 * `requests` requests over `count` clients by Zipf's law: the client of rank r has a share in proportion to 1/r^exponent.
 * Shares are exact, not drawn: what is uneven is the placement's doing, or the keys', never luck.
 */
export function zipfKeys(count: number, requests: number, exponent: number, seed: number): WeightedKeys {
  const scale = requests / generalizedHarmonic(count, exponent);
  return {
    count,
    requests,
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
    key: (index) => keys[index] ?? "",
    requestsOf: (index) => requests[index] ?? 0,
  };
}
