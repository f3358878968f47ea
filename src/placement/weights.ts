import { PlacementError } from "./error.ts";
import type { Member } from "./types.ts";

/** About 100 MB of tables. Weights multiply the points, so a careless weight could ask for far more. */
const MAX_POINTS = 2 ** 22;

/** The members' weights, for a model of a balancer that takes whole ones up to `most`; else a PlacementError. */
export function wholeWeights(members: readonly Member[], balancer: string, most = Number.POSITIVE_INFINITY): number[] {
  return members.map(({ name, weight }) => {
    if (Number.isInteger(weight) && weight <= most) return weight;
    const upTo = most === Number.POSITIVE_INFINITY ? "" : ` up to ${most}`;
    throw new PlacementError(`The weight of ${name} is ${weight}: ${balancer} takes whole numbers${upTo}.`);
  });
}

/** How many points each member has, at `each` for a unit of weight. Throws a PlacementError for more than is sane. */
export function countPoints(weights: readonly number[], each: number): number[] {
  const total = each * weights.reduce((sum, weight) => sum + weight, 0);
  if (total > MAX_POINTS) {
    throw new PlacementError(`There would be ${total} points, over ${MAX_POINTS}: lower the weights.`);
  }
  return weights.map((weight) => each * weight);
}
