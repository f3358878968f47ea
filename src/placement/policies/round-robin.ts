import type { Member, Placement, Policy } from "../types.ts";

/** Equal servers: the next one after the last one chosen. The turns are those of the weighted way, at one step each. */
function plainTurns(members: readonly Member[]): Placement {
  const count = members.length;
  let next = 0;
  return {
    members,
    select: (_key, accept) => {
      for (let step = 0; step < count; step++) {
        const member = next + step < count ? next + step : next + step - count;
        if (accept !== undefined && !accept(member)) continue;
        next = member + 1 === count ? 0 : member + 1;
        return member;
      }
      return -1;
    },
    candidates: () => members.map((_, step) => (next + step) % count),
  };
}

/**
 * nginx's smooth weighted round-robin. Every select() credits each acceptable server with its weight and takes the
 * richest, which then pays the sum; so heavy servers' turns are spread and not bunched.
 */
function weightedTurns(members: readonly Member[]): Placement {
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
}

/** Each in turn, whatever the key. Whose turn it is is this policy's state: a new placement begins again. */
export const roundRobin: Policy = {
  summary: "each server in turn, by weight, whatever the key",
  keyed: false,
  hashed: false,
  weighted: true,
  options: {},
  build: (members) =>
    members.every(({ weight }) => weight === members[0]?.weight) ? plainTurns(members) : weightedTurns(members),
};
