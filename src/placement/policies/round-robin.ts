import type { Policy } from "../types.ts";

/**
 * Each in turn, whatever the key: nginx's smooth weighted round-robin. Every select() credits each acceptable server
 * with its weight and takes the richest, which then pays the sum; so heavy servers' turns are spread and not bunched.
 * The credits are this policy's state: a new placement begins again.
 */
export const roundRobin: Policy = {
  summary: "each server in turn, by weight, whatever the key",
  keyed: false,
  hashed: false,
  weighted: true,
  options: {},
  build(members) {
    const weights = Float64Array.from(members, ({ weight }) => weight);
    const credits = new Float64Array(members.length);
    const due = (m: number): number => (credits[m] as number) + (weights[m] as number);

    return {
      members,
      select: (_key, accept) => {
        let best = -1;
        let paid = 0;
        for (let m = 0; m < weights.length; m++) {
          if (accept !== undefined && !accept(m)) continue;
          credits[m] = due(m);
          paid += weights[m] as number;
          if (best < 0 || (credits[m] as number) > (credits[best] as number)) best = m;
        }
        if (best >= 0) credits[best] = (credits[best] as number) - paid;
        return best;
      },
      candidates: () => members.map((_, m) => m).sort((a, b) => due(b) - due(a)),
    };
  },
};
