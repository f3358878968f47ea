import {
  arcShares,
  createCircle,
  defaultHash,
  type Member,
  parseHash,
  parseMembers,
  parsePolicy,
} from "../placement/index.ts";
import type { Ring } from "../report/ring-chart.ts";
import type { StudyPoint } from "../report/run.ts";

/** What charts show of placement, computed anew from the points of a saved run: the same servers, policy and hash. */

/** The ring that a point was measured on; null where its policy has none. */
export function ringOf(point: StudyPoint): Ring | null {
  const made = createCircle(parsePolicy(point.policy), parseHash(point.hash ?? defaultHash), membersOf(point));
  if (made === null) return null;
  const { members, circle } = made;
  return { ...circle, names: members.map(({ name }) => name), shares: arcShares(circle, members.length) };
}

const membersOf = ({ counts, members }: StudyPoint): readonly Member[] =>
  members ? parseMembers(members.join(",")) : Object.keys(counts).map((name) => ({ name, weight: 1 }));
