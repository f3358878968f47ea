import { mix32 } from "../hashes/murmur3.ts";
import { hashPoint, hashText } from "../key.ts";
import type { Accept, Hash, Member, Policy } from "../types.ts";

const TWO_32 = 0x1_0000_0000;

/** Two 32-bit halves of every name's hash, mixed: what a key's own halves are combined with. */
function memberSeeds(members: readonly Member[], hash: Hash): Int32Array {
  const seeds = new Int32Array(members.length * 2);
  members.forEach(({ name }, m) => {
    const named = hashPoint(hash, name);
    seeds[m * 2] = mix32(named | 0);
    seeds[m * 2 + 1] = mix32(~(named / TWO_32) ^ (seeds[m * 2] as number));
  });
  return seeds;
}

/**
 * Turns a uniform score of 32 bits into a weighted one (Schindelhauer and Schomaker, 2005): the highest of
 * −weight / ln u over the members falls on each in proportion to its weight.
 */
function weightedScore(score: number, weight: number): number {
  return -weight / Math.log((score + 0.5) / TWO_32);
}

/**
 * Rendezvous hashing, the highest random weight (Thaler and Ravishankar, 1998): a key scores every server and goes to
 * the best. A new server takes only the keys that it wins. A score mixes two hashes, so that the key is hashed once.
 */
export const rendezvous: Policy = {
  summary: "highest random weight: even, moves only what must move; time grows with the servers",
  keyed: true,
  hashed: true,
  weighted: true,
  options: {},
  build(members, hash) {
    const seeds = memberSeeds(members, hash);
    const weights = Float64Array.from(members, ({ weight }) => weight);
    const equal = weights.every((weight) => weight === weights[0]);

    function score(low: number, high: number, m: number): number {
      const uniform = mix32(mix32(low ^ (seeds[m * 2] as number)) ^ high ^ (seeds[m * 2 + 1] as number)) >>> 0;
      // With equal weights the weighted score has the same order, and a logarithm's cost.
      return equal ? uniform : weightedScore(uniform, weights[m] as number);
    }

    function best(hashed: number, accept?: Accept): number {
      const low = hashed | 0;
      const high = (hashed / TWO_32) | 0;
      let member = -1;
      let most = -1;
      for (let m = 0; m < weights.length; m++) {
        const mine = score(low, high, m);
        if (mine > most && (accept === undefined || accept(m))) {
          member = m;
          most = mine;
        }
      }
      return member;
    }

    return {
      members,
      select: (key, accept) => best(hashText(hash, key), accept),
      candidates: (key) => {
        const hashed = hashText(hash, key);
        const scores = members.map((_, m) => score(hashed | 0, (hashed / TWO_32) | 0, m));
        return members.map((_, m) => m).sort((a, b) => (scores[b] as number) - (scores[a] as number));
      },
      byHash: { hash, member: (hashed) => best(hashed) },
    };
  },
  /** Every server has the same chance of the best score. */
  expectedCv: () => 0,
};
