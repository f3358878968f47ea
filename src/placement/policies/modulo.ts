import { hashText } from "../key.ts";
import { remainder } from "../remainder.ts";
import type { Policy } from "../types.ts";

/**
 * Hash mod N: as even as the hash, and the bad example, for N→N+1 moves N/(N+1) of the keys. The number picks from
 * the members by name, so with ten servers or more it is not the number in the name: server-10 precedes server-2.
 */
export const modulo: Policy = {
  summary: "hash mod N: even, but a change of N moves nearly every key",
  keyed: true,
  hashed: true,
  weighted: false,
  options: {},
  build(members, hash) {
    const count = members.length;
    return {
      members,
      select: (key, accept) => {
        const first = remainder(hashText(hash, key), count);
        if (accept === undefined || accept(first)) return first;
        for (let step = 1; step < count; step++) {
          const member = (first + step) % count;
          if (accept(member)) return member;
        }
        return -1;
      },
      candidates: (key) => {
        const first = remainder(hashText(hash, key), count);
        return members.map((_, step) => (first + step) % count);
      },
      byHash: { hash, member: (hashed) => remainder(hashed, count) },
    };
  },
  /** Every server has the same share of the hashes. */
  expectedCv: () => 0,
};
