import type { WeightedKeys } from "../workload/weighted-keys.ts";

/** The golden ratio's conjugate: its multiples, modulo 1, fill [0, 1) evenly from the first on. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Keys between two marks: a look-up scans half as many, and the marks take little memory. */
const STRIDE = 32;

/**
 * The requests of `keys` one by one, for a policy that places requests rather than keys: whose turn it is, or what a
 * server has so far, changes from one to the next. Each key comes as often as it has requests, to within a few, and as
 * evenly spread over the whole as can be.
 */
export function oneByOne(keys: WeightedKeys): WeightedKeys {
  if (!keys.skewed && keys.requests === keys.count) return keys;
  const find = finder(keys);
  const count = Math.round(keys.requests);
  return {
    count,
    requests: count,
    skewed: false,
    key: (index) => keys.key(find((((index + 0.5) * GOLDEN) % 1) * keys.requests)),
    requestsOf: () => 1,
  };
}

/** Finds the key that has the request at a place in [0, requests), counted key after key. */
function finder(keys: WeightedKeys): (place: number) => number {
  const marks = new Float64Array(Math.ceil(keys.count / STRIDE));
  let sum = 0;
  for (let index = 0; index < keys.count; index++) {
    if (index % STRIDE === 0) marks[index / STRIDE] = sum;
    sum += keys.requestsOf(index);
  }
  return (place) => {
    const mark = lastAtMost(marks, place);
    let left = place - (marks[mark] ?? 0);
    let index = mark * STRIDE;
    for (const last = keys.count - 1; index < last; index++) {
      left -= keys.requestsOf(index);
      if (left < 0) break;
    }
    return index;
  };
}

/** The index of the last of the ascending marks that is at most `place`; the first is 0. */
function lastAtMost(marks: Float64Array, place: number): number {
  let [from, to] = [0, marks.length];
  while (to - from > 1) {
    const middle = (from + to) >>> 1;
    if ((marks[middle] as number) <= place) from = middle;
    else to = middle;
  }
  return from;
}
