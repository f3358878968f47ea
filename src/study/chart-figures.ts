import {
  arcShares,
  createRing,
  defaultHash,
  formatPolicy,
  hashes,
  type Member,
  PlacementError,
  parseHash,
  parseMembers,
  parsePolicy,
} from "../placement/index.ts";
import type { PlacementFigures, RingFigures, VnodeSweep } from "../results/placement-figures.ts";
import type { StudyPoint } from "../results/run.ts";
import { hasVnodes, vnodeSweep } from "../simulate/vnode-sweep.ts";
import type { PolicyVariant } from "./point.ts";

const MAX_SWEEPS = 8;
const MAX_SIZES = 3;
/** About a second of hashing. */
const USUAL_BUDGET = 2_000_000;

/**
 * What charts show of placement, computed anew from the points of a run: the same servers, policy and hash. A run knows
 * modules by their names only, so that what is said of those comes from `variants`. `budget` is of points, in all the rings
 * of a chart.
 */
export function chartFigures(variants: readonly PolicyVariant[], budget = USUAL_BUDGET): PlacementFigures {
  const variantOf = (point: StudyPoint): PolicyVariant | null =>
    variants.find((variant) => isOf(variant, point)) ?? namedVariant(point);
  return {
    ringOf: (point) => ringOf(point, variantOf(point)),
    vnodeSweeps: (points, usual) => {
      const rings = points.flatMap((point) => withoutVnodes(variantOf(point)) ?? []);
      return vnodeSweeps(rings, sizesOf(points), usual, budget);
    },
  };
}

const isOf = ({ policy, hash }: PolicyVariant, point: StudyPoint): boolean =>
  formatPolicy(policy) === point.policy && (hash?.name ?? null) === point.hash;

/** The variant of a point whose policy and hash are of the tables; null otherwise. */
function namedVariant({ policy, hash }: StudyPoint): PolicyVariant | null {
  try {
    return { policy: parsePolicy(policy), hash: hash === null ? null : parseHash(hash) };
  } catch (error) {
    if (error instanceof PlacementError) return null;
    throw error;
  }
}

/** The ring that a point was measured on; null where its policy has none. */
function ringOf(point: StudyPoint, variant: PolicyVariant | null): RingFigures | null {
  const made = variant && createRing(variant.policy, variant.hash ?? hashes[defaultHash], membersOf(point));
  if (made === null) return null;
  const { members, ring } = made;
  return { ...ring, names: members.map(({ name }) => name), shares: arcShares(ring, members.length) };
}

const membersOf = ({ counts, members }: StudyPoint): readonly Member[] =>
  members ? parseMembers(members.join(",")) : Object.keys(counts).map((name) => ({ name, weight: 1 }));

/** A variant with its policy's usual vnodes, where that has vnodes. */
function withoutVnodes(variant: PolicyVariant | null): PolicyVariant | null {
  if (variant === null || !hasVnodes(variant.policy)) return null;
  const { vnodes: _, ...options } = variant.policy.options;
  return { ...variant, policy: { ...variant.policy, options } };
}

/** The numbers of servers, ascending, without a single one: that has no spread. */
const sizesOf = (points: readonly StudyPoint[]): number[] =>
  [...new Set(points.map(({ servers }) => servers))].toSorted((a, b) => a - b).filter((n) => n > 1);

/** Several rings at `usual` servers, a single one at up to three numbers of servers. */
function vnodeSweeps(
  rings: readonly PolicyVariant[],
  sizes: readonly number[],
  usual: number,
  budget: number,
): VnodeSweep[] {
  const distinct = [
    ...new Map(rings.map((ring) => [`${formatPolicy(ring.policy)} ${ring.hash?.name}`, ring])).values(),
  ];
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
  const few = sizes.length <= MAX_SIZES ? sizes : [first, nearest(sizes, Math.sqrt(first * last)), last];
  const shown = distinct
    .flatMap((variant) =>
      (distinct.length === 1 ? few : sizes.filter((n) => n === usual)).map((servers) => ({ variant, servers })),
    )
    .slice(0, MAX_SWEEPS);
  return shown.flatMap(({ variant: { policy, hash }, servers }) => {
    const spreads = vnodeSweep(policy, hash ?? hashes[defaultHash], servers, budget / shown.length);
    return spreads.length === 0 ? [] : [{ policy: formatPolicy(policy), hash: hash?.name ?? null, servers, spreads }];
  });
}

const nearest = (sizes: readonly number[], wanted: number): number =>
  sizes.reduce((best, n) => (Math.abs(n - wanted) < Math.abs(best - wanted) ? n : best));
