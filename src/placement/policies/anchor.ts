import { PlacementError } from "../error.ts";
import { numberedOrder, trailingNumber } from "../numbering.ts";
import { reduce, rehash } from "../rehash.ts";
import { remainder } from "../remainder.ts";
import type { Member, Policy } from "../types.ts";
import { draws, hashedWalk } from "../walk.ts";

/** AnchorHash's arrays, by the names of the paper (Mendelson et al., 2020, algorithm 3). */
interface Anchor {
  /** Takes a working bucket out; its keys, and no others, go to the remaining ones. */
  remove(bucket: number): void;
  /** The working bucket of a hash. */
  bucketOf(hashed: number): number;
}

/** An anchor of `capacity` buckets, all of them working. */
export function createAnchor(capacity: number): Anchor {
  const identity = (): Int32Array => Int32Array.from({ length: capacity }, (_, b) => b);
  /** A[b]: 0 while b works, else how many buckets were left after it was removed. */
  const A = new Int32Array(capacity);
  /** K[b]: what took b's place among the working ones when it was removed. W: the working ones; L: their places in W. */
  const [K, W, L] = [identity(), identity(), identity()];
  let N = capacity;

  return {
    remove(bucket) {
      N--;
      A[bucket] = N;
      const place = L[bucket] as number;
      const last = W[N] as number;
      W[place] = last;
      L[last] = place;
      K[bucket] = last;
    },
    bucketOf(hashed) {
      let bucket = remainder(hashed, capacity);
      for (let left = A[bucket] as number; left > 0; left = A[bucket] as number) {
        // Among those that were left when this bucket was removed: any later removed one stands for itself.
        let next = reduce(rehash(hashed, bucket), left);
        while ((A[next] as number) >= left) next = K[next] as number;
        bucket = next;
      }
      return bucket;
    },
  };
}

/**
 * The member of each bucket, −1 where there is none. server-3 has bucket 2, whoever else is there; names without a
 * number from 1 to the capacity, or with one that is taken, fill the free buckets from 0 on, in order.
 */
function assignBuckets(members: readonly Member[], capacity: number): Int32Array {
  const memberOf = new Int32Array(capacity).fill(-1);
  const unplaced = [...numberedOrder(members)].filter((m) => {
    const bucket = (trailingNumber(members[m]?.name ?? "") ?? 0) - 1;
    if (memberOf[bucket] !== -1) return true;
    memberOf[bucket] = m;
    return false;
  });
  let free = 0;
  for (const m of unplaced) {
    while (memberOf[free] !== -1) free++;
    memberOf[free] = m;
  }
  return memberOf;
}

/**
 * AnchorHash. Its state is a history of removals, and a placement knows members only: it takes the buckets without a
 * member for removed one by one, from the last down. So the least moves when the last number joins or leaves, or any
 * one while no lower number is missing; else the keys that the lower gaps hand out (about one part in n for each) are
 * shared out anew. A server that is down moves its own keys only, to draws of the hash mixed anew.
 */
export const anchor: Policy = {
  summary: "AnchorHash: even, and server-3 can leave from among numbered servers as cheaply as the last",
  keyed: true,
  hashed: true,
  weighted: false,
  options: {
    capacity: {
      default: 1024,
      min: 1,
      max: 65_535,
      help: "the most servers there may ever be; another one moves every key",
    },
  },
  build(members, hash, options) {
    const capacity = options.capacity as number;
    if (members.length > capacity) {
      throw new PlacementError(
        `The anchor has room for ${capacity} servers and there are ${members.length}: take anchor:capacity=${members.length} or more.`,
      );
    }
    const memberOf = assignBuckets(members, capacity);
    const { remove, bucketOf } = createAnchor(capacity);
    for (let bucket = capacity - 1; bucket >= 0; bucket--) if (memberOf[bucket] === -1) remove(bucket);

    // The salts of removed buckets are below the capacity.
    const draw = (hashed: number, attempt: number): number =>
      memberOf[bucketOf(attempt === 0 ? hashed : rehash(hashed, capacity + attempt))] as number;
    return hashedWalk(members, hash, (hashed) => hashed, draws(members, draw));
  },
  /** Every server has the same share of the hashes. */
  expectedCv: () => 0,
};
