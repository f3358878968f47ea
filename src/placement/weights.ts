import { PlacementError } from "./error.ts";
import type { Member } from "./types.ts";

/** The members' weights, for a model of a balancer that takes whole ones up to `most`; else a PlacementError. */
export function wholeWeights(members: readonly Member[], balancer: string, most = Number.POSITIVE_INFINITY): number[] {
  return members.map(({ name, weight }) => {
    if (Number.isInteger(weight) && weight <= most) return weight;
    const upTo = most === Number.POSITIVE_INFINITY ? "" : ` up to ${most}`;
    throw new PlacementError(`The weight of ${name} is ${weight}: ${balancer} takes whole numbers${upTo}.`);
  });
}
