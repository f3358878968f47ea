import { smoothTurns } from "../turns.ts";
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

/** nginx's smooth weighted round-robin over all: heavy servers' turns are spread and not bunched. */
function weightedTurns(members: readonly Member[]): Placement {
  const turns = smoothTurns(members.map(({ weight }) => weight));
  const all = Uint16Array.from(members, (_, member) => member);
  return {
    members,
    select: (_key, accept) => turns.take(all, accept),
    candidates: () => turns.order(all),
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
