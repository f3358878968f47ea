import { withModules } from "../modules/load.ts";
import {
  createPlacement,
  defaultHash,
  formatPolicy,
  type Hash,
  hashes,
  type Member,
  type Placement,
  PlacementError,
  type PolicySpec,
  parseHashes,
  parsePolicies,
} from "../placement/index.ts";
import type { StudyPoint } from "../results/run.ts";
import { distribution } from "../stats/distribution.ts";
import { movedFigures } from "../stats/moved.ts";

/** A policy with its options, and the hash it uses; null for a policy that takes none. */
export interface PolicyVariant {
  readonly policy: PolicySpec;
  readonly hash: Hash | null;
}

/** Every pair of a policy and a hash of two lists, and each policy that takes no hash once. Modules are loaded. */
export async function variantsOf(policyList: string, hashList: string): Promise<PolicyVariant[]> {
  const policies = await withModules(policyList, parsePolicies);
  const hashes = await withModules(hashList, parseHashes);
  return policies.flatMap((policy): PolicyVariant[] =>
    policy.policy.hashed ? hashes.map((hash) => ({ policy, hash })) : [{ policy, hash: null }],
  );
}

/** The placement of some members by one variant. */
export const place = ({ policy, hash }: PolicyVariant, members: readonly Member[]): Placement =>
  createPlacement(policy, hash ?? hashes[defaultHash], members);

/** Why a variant has no room for some members; null when it has. */
export function misfit(variant: PolicyVariant, members: readonly Member[]): string | null {
  try {
    place(variant, members);
    return null;
  } catch (error) {
    if (error instanceof PlacementError) return error.message;
    throw error;
  }
}

/** Whether a key has one server, whatever else goes on: a bounded ring looks at the load of the moment, too. */
export const placesKeys = ({ policy, options }: PolicySpec): boolean =>
  policy.keyed && (policy.source !== undefined || !options.bounded);

/** What was seen of one variant at one number of servers. */
export interface Observation {
  readonly variant: PolicyVariant;
  /** Requests of each server, idle ones included. */
  readonly counts: Readonly<Record<string, number>>;
  /** Distinct keys: clients. */
  readonly keys: number;
  /** Against the step before; null in the first: the share of keys whose server is another, and the least that must move. */
  readonly moved: { readonly fromServers: number; readonly ideal: number; readonly fraction: number } | null;
}

/** The figures of an observation, live or simulated alike. */
export function studyPoint({ variant, counts, keys, moved }: Observation): StudyPoint {
  const values = Object.values(counts);
  const servers = values.length;
  return {
    servers,
    policy: formatPolicy(variant.policy),
    hash: variant.hash?.name ?? null,
    count: values.reduce((total, count) => total + count, 0),
    keys,
    counts,
    ...distribution(values),
    expectedCv: variant.policy.policy.expectedCv?.(servers, variant.policy.options) ?? null,
    moved: moved && movedFigures(moved.fromServers, moved.ideal, moved.fraction),
  };
}
