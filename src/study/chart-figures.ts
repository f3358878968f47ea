import {
  arcShares,
  createCircle,
  defaultHash,
  formatPolicy,
  hashes,
  type Member,
  PlacementError,
  parseHash,
  parseMembers,
  parsePolicy,
} from "../placement/index.ts";
import type { PlacementFigures, Ring, VnodeSweep } from "../results/placement-figures.ts";
import type { StudyPoint } from "../results/run.ts";
import { hasVnodes, vnodeSweep } from "../simulate/vnode-sweep.ts";
import type { Way } from "./point.ts";

const MOST_SWEEPS = 8;
const MOST_SIZES = 3;
/** About a second of hashing. */
const USUAL_BUDGET = 2_000_000;

/**
 * What charts show of placement, computed anew from the points of a run: the same servers, policy and hash. A run knows
 * modules by their names only, so that what is said of those comes from `ways`. `budget` is of points, in all the rings
 * of a chart.
 */
export function chartFigures(ways: readonly Way[], budget = USUAL_BUDGET): PlacementFigures {
  const wayOf = (point: StudyPoint): Way | null => ways.find((way) => isOf(way, point)) ?? namedWay(point);
  return {
    ringOf: (point) => ringOf(point, wayOf(point)),
    vnodeSweeps: (points, usual) => {
      const rings = points.flatMap((point) => withoutVnodes(wayOf(point)) ?? []);
      return vnodeSweeps(rings, sizesOf(points), usual, budget);
    },
  };
}

const isOf = ({ policy, hash }: Way, point: StudyPoint): boolean =>
  formatPolicy(policy) === point.policy && (hash?.name ?? null) === point.hash;

/** The way of a point whose policy and hash are of the tables; null otherwise. */
function namedWay({ policy, hash }: StudyPoint): Way | null {
  try {
    return { policy: parsePolicy(policy), hash: hash === null ? null : parseHash(hash) };
  } catch (error) {
    if (error instanceof PlacementError) return null;
    throw error;
  }
}

/** The ring that a point was measured on; null where its policy has none. */
function ringOf(point: StudyPoint, way: Way | null): Ring | null {
  const made = way && createCircle(way.policy, way.hash ?? hashes[defaultHash], membersOf(point));
  if (made === null) return null;
  const { members, circle } = made;
  return { ...circle, names: members.map(({ name }) => name), shares: arcShares(circle, members.length) };
}

const membersOf = ({ counts, members }: StudyPoint): readonly Member[] =>
  members ? parseMembers(members.join(",")) : Object.keys(counts).map((name) => ({ name, weight: 1 }));

/** A way with its policy's usual vnodes, where that has vnodes. */
function withoutVnodes(way: Way | null): Way | null {
  if (way === null || !hasVnodes(way.policy)) return null;
  const { vnodes: _, ...options } = way.policy.options;
  return { ...way, policy: { ...way.policy, options } };
}

/** The numbers of servers, ascending, without a single one: that has no spread. */
const sizesOf = (points: readonly StudyPoint[]): number[] =>
  [...new Set(points.map(({ servers }) => servers))].toSorted((a, b) => a - b).filter((n) => n > 1);

/** Several rings at `usual` servers, a single one at up to three numbers of servers. */
function vnodeSweeps(rings: readonly Way[], sizes: readonly number[], usual: number, budget: number): VnodeSweep[] {
  const distinct = [
    ...new Map(rings.map((ring) => [`${formatPolicy(ring.policy)} ${ring.hash?.name}`, ring])).values(),
  ];
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
  const few = sizes.length <= MOST_SIZES ? sizes : [first, nearest(sizes, Math.sqrt(first * last)), last];
  const shown = distinct
    .flatMap((way) =>
      (distinct.length === 1 ? few : sizes.filter((n) => n === usual)).map((servers) => ({ way, servers })),
    )
    .slice(0, MOST_SWEEPS);
  return shown.flatMap(({ way: { policy, hash }, servers }) => {
    const spreads = vnodeSweep(policy, hash ?? hashes[defaultHash], servers, budget / shown.length);
    return spreads.length === 0 ? [] : [{ policy: formatPolicy(policy), hash: hash?.name ?? null, servers, spreads }];
  });
}

const nearest = (sizes: readonly number[], wanted: number): number =>
  sizes.reduce((best, n) => (Math.abs(n - wanted) < Math.abs(best - wanted) ? n : best));
