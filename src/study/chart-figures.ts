import {
  arcShares,
  createCircle,
  defaultHash,
  formatPolicy,
  type Hash,
  type Member,
  PlacementError,
  type PolicySpec,
  parseHash,
  parseMembers,
  parsePolicy,
} from "../placement/index.ts";
import type { Ring } from "../report/ring-chart.ts";
import type { StudyPoint } from "../report/run.ts";
import type { VnodeSweep } from "../report/vnodes-chart.ts";
import { hasVnodes, vnodeSweep } from "../simulate/vnode-sweep.ts";

/** What charts show of placement, computed anew from the points of a saved run: the same servers, policy and hash. */

/** The ring that a point was measured on; null where its policy has none. */
export function ringOf(point: StudyPoint): Ring | null {
  const way = wayOf(point);
  const made = way && createCircle(way.policy, way.hash, membersOf(point));
  if (made === null) return null;
  const { members, circle } = made;
  return { ...circle, names: members.map(({ name }) => name), shares: arcShares(circle, members.length) };
}

/** How a point places keys; null for a module of the user's own, whose source no run keeps. */
function wayOf({ policy, hash }: Pick<StudyPoint, "policy" | "hash">): { policy: PolicySpec; hash: Hash } | null {
  try {
    return { policy: parsePolicy(policy), hash: parseHash(hash ?? defaultHash) };
  } catch (error) {
    if (error instanceof PlacementError) return null;
    throw error;
  }
}

const membersOf = ({ counts, members }: StudyPoint): readonly Member[] =>
  members ? parseMembers(members.join(",")) : Object.keys(counts).map((name) => ({ name, weight: 1 }));

const MOST_SWEEPS = 8;
const MOST_SIZES = 3;
/** About a second of hashing. */
const USUAL_BUDGET = 2_000_000;

/**
 * The spread against vnodes of each ring of a study, whatever its own vnodes are: several rings at `usual` servers, a
 * single one at up to three numbers of servers. A single server has no spread. `budget` is of points, in all rings.
 */
export function vnodeSweeps(points: readonly StudyPoint[], usual: number, budget = USUAL_BUDGET): VnodeSweep[] {
  const rings = new Map(points.flatMap((point) => withoutVnodes(point) ?? []).map((ring) => [ring.name, ring]));
  const sizes = [...new Set(points.map(({ servers }) => servers))].toSorted((a, b) => a - b).filter((n) => n > 1);
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
  const few = sizes.length <= MOST_SIZES ? sizes : [first, nearest(sizes, Math.sqrt(first * last)), last];
  const asked = [...rings.values()].flatMap((ring) =>
    (rings.size === 1 ? few : sizes.filter((n) => n === usual)).map((servers) => ({ ...ring, servers })),
  );
  const shown = asked.slice(0, MOST_SWEEPS);
  return shown.flatMap(({ spec, hash, hashName, servers }) => {
    const spreads = vnodeSweep(spec, hash, servers, budget / shown.length);
    return spreads.length === 0 ? [] : [{ policy: formatPolicy(spec), hash: hashName, servers, spreads }];
  });
}

/** The policy of a point with its usual vnodes, where it has vnodes. */
function withoutVnodes(
  point: StudyPoint,
): { name: string; spec: PolicySpec; hash: Hash; hashName: string | null } | null {
  const way = wayOf(point);
  if (way === null) return null;
  const { vnodes: _, ...options } = way.policy.options;
  const spec = { ...way.policy, options };
  const name = `${formatPolicy(spec)} ${point.hash}`;
  return hasVnodes(spec) ? { name, spec, hash: way.hash, hashName: point.hash } : null;
}

const nearest = (sizes: readonly number[], wanted: number): number =>
  sizes.reduce((best, n) => (Math.abs(n - wanted) < Math.abs(best - wanted) ? n : best));
