import { createRing, type Hash, keyShares, PlacementError, type PolicySpec } from "../placement/index.ts";

/** How uneven the servers' shares are with so many vnodes a server. */
export interface VnodeSpread {
  readonly vnodes: number;
  /** Over how many rings. */
  readonly rings: number;
  /** Standard deviation over mean of the exact shares, no keys sent: the root mean square over the rings. */
  readonly cv: number;
  /** Eight rings of ten lie between; null with too few rings to say, or where all are the same. */
  readonly usual: { readonly low: number; readonly high: number } | null;
  /** The policy's closed form, where one is known. */
  readonly expectedCv: number | null;
}

/** 1 to 1024, doubling. */
const VNODES = Array.from({ length: 11 }, (_, i) => 2 ** i);
const MAX_RINGS = 200;
const FEWEST_FOR_QUANTILES = 10;
const MAX_POINTS_OF_ONE = 2 ** 20;

/** Whether a policy has vnodes to sweep, and shares that depend on them alone: a bound depends on the load. */
export const hasVnodes = ({ policy, options }: PolicySpec): boolean =>
  policy.ring !== undefined && policy.options.vnodes !== undefined && !options.bounded;

/**
 * The spread of rings of `servers` equal servers against their vnodes, at each number as many rings (of other server
 * names) as about `budget` points allow. Numbers of vnodes that the policy has no room for are left out.
 */
export function vnodeSweep(spec: PolicySpec, hash: Hash, servers: number, budget: number): VnodeSpread[] {
  const sweep = VNODES.filter((vnodes) => vnodes * servers <= MAX_POINTS_OF_ONE);
  const points = servers * sweep.reduce((sum, vnodes) => sum + vnodes, 0);
  const rings = Math.max(1, Math.min(MAX_RINGS, Math.floor(budget / points)));
  return sweep.flatMap((vnodes) => {
    const options = { ...spec.options, vnodes };
    const cvs = Float64Array.from({ length: rings }, (_, ring) => cvOfRing({ ...spec, options }, hash, servers, ring));
    return cvs.includes(Number.NaN) ? [] : [spreadOf(vnodes, cvs.sort(), expected(spec, servers, options))];
  });
}

const expected = ({ policy }: PolicySpec, servers: number, options: PolicySpec["options"]): number | null =>
  policy.expectedCv?.(servers, options) ?? null;

/** NaN where there is no room for so many vnodes. */
function cvOfRing(spec: PolicySpec, hash: Hash, servers: number, ring: number): number {
  const prefix = ring === 0 ? "" : `ring-${ring + 1}-`;
  const members = Array.from({ length: servers }, (_, i) => ({ name: `${prefix}server-${i + 1}`, weight: 1 }));
  try {
    const made = createRing(spec, hash, members);
    if (made === null) return Number.NaN;
    const shares = keyShares(made.ring, servers);
    return Math.sqrt(shares.reduce((sum, share) => sum + (share * servers - 1) ** 2, 0) / servers);
  } catch (error) {
    if (error instanceof PlacementError) return Number.NaN;
    throw error;
  }
}

function spreadOf(vnodes: number, ascending: Float64Array, expectedCv: number | null): VnodeSpread {
  const count = ascending.length;
  const cv = Math.sqrt(ascending.reduce((sum, each) => sum + each ** 2, 0) / count);
  const at = (share: number): number => ascending[Math.round(share * (count - 1))] ?? cv;
  const isPoint = count < FEWEST_FOR_QUANTILES || at(0) === at(1);
  return { vnodes, rings: count, cv, usual: isPoint ? null : { low: at(0.1), high: at(0.9) }, expectedCv };
}
