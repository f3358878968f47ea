import { PlacementError } from "../error.ts";
import { productHigh } from "../hashes/bytes.ts";
import { numberedOrder } from "../numbering.ts";
import { rehash } from "../rehash.ts";
import type { Member, Policy } from "../types.ts";
import { draws, hashedWalk } from "../walk.ts";

/** The multiplier of the paper's generator, 2862933555777941757, in halves. */
const [MULTIPLIER_HIGH, MULTIPLIER_LOW] = [0x27bb2ee6, 0x87b0b0fd];
const TWO_31 = 0x8000_0000;

/**
 * Jump consistent hash (Lamping and Veach, 2014, figure 1): the bucket in [0, buckets) of a 64-bit key given in two
 * halves. From bucket to bucket the key jumps ahead, in about ln(buckets) steps, and ends before it would leave.
 */
export function jumpBucket(keyHigh: number, keyLow: number, buckets: number): number {
  let high = keyHigh;
  let low = keyLow;
  let bucket = 0;
  for (let next = 0; next < buckets; ) {
    bucket = next;
    // state = state · multiplier + 1, mod 2^64
    high = productHigh(high, low, MULTIPLIER_HIGH, MULTIPLIER_LOW);
    low = (Math.imul(low, MULTIPLIER_LOW) + 1) | 0;
    if (low === 0) high = (high + 1) | 0;
    next = Math.floor((bucket + 1) * (TWO_31 / ((high >>> 1) + 1)));
  }
  return bucket;
}

/**
 * Throws a PlacementError when servers of one numbered series (server-1, server-2, …) leave a number out: the later
 * ones would be numbered anew, and most keys move.
 */
function assertNoGap(members: readonly Member[]): void {
  const series = members.map(({ name }) => /^([^:]*?)(\d{1,15})$/.exec(name));
  const [prefix, ...others] = new Set(series.map((match) => match?.[1]));
  if (prefix === undefined || others.length > 0) return;
  const numbers = new Set(series.map((match) => Number(match?.[2])));
  const first = [...numbers].reduce((least, number) => Math.min(least, number));
  for (let number = first; number < first + members.length; number++) {
    if (numbers.has(number)) continue;
    throw new PlacementError(
      `jump numbers its servers, only the last can leave, and ${prefix}${number} is missing: keep it, or take anchor, which any server can leave.`,
    );
  }
}

/**
 * Servers are numbered, by name with digits as numbers (server-2 before server-10), and only the last number can join
 * or leave: without another, all after it would be numbered anew. The 64-bit state is the key's
 * hash as a number. A server that is down keeps its number: its keys alone jump again, with the hash mixed anew.
 */
export const jump: Policy = {
  summary: "jump consistent hash: even, no table; servers are numbered, only the last can leave",
  keyed: true,
  hashed: true,
  weighted: false,
  options: {},
  build(members, hash) {
    assertNoGap(members);
    const order = numberedOrder(members);
    const draw = (hashed: number, attempt: number): number => {
      const state = attempt === 0 ? hashed : rehash(hashed, attempt);
      return order[jumpBucket(Math.floor(state / 0x1_0000_0000), state | 0, order.length)] as number;
    };
    return hashedWalk(members, hash, (hashed) => hashed, draws(members, draw));
  },
  /** Every server has the same share of the hashes. */
  expectedCv: () => 0,
};
