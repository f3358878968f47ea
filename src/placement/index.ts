/** The public door of placement: which server a key goes to, live and simulated alike. */
import { checkMembers, sortMembers } from "./members.ts";
import { completeOptions, type PolicySpec } from "./spec.ts";
import type { Hash, Member, Placement, Ring } from "./types.ts";

export { boundedAccept, loadCap } from "./bounded.ts";
export { PlacementError } from "./error.ts";
export { defaultHash, type HashName, hashes } from "./hashes/index.ts";
export { formatMember, parseMembers } from "./members.ts";
export type { Module, Modules } from "./modules/module.ts";
export { defaultPolicy, type PolicyName, policies } from "./policies/index.ts";
export { arcShares, keyShares } from "./ring.ts";
export {
  formatPolicy,
  type PolicySpec,
  parseHash,
  parseHashes,
  parsePolicies,
  parsePolicy,
  type Sources,
  sourcesOf,
} from "./spec.ts";
export type * from "./types.ts";

const nowhere: Placement = { members: [], select: () => -1, candidates: () => [] };

/**
 * Builds the placement of `members`, in whatever order they come (which only an `ordered` policy keeps). Throws a PlacementError for options, names or
 * weights that can't be, and for members that the policy has no room for.
 */
export function createPlacement(spec: PolicySpec, hash: Hash, members: readonly Member[]): Placement {
  const options = completeOptions(spec);
  checkMembers(members);
  if (members.length === 0) return nowhere;
  return spec.policy.build(inOrder(spec, members), hash, options);
}

/**
 * The ring on which createPlacement() places the same members (at least one); its owners are indices into `members`.
 * Null where the policy has none. Throws a PlacementError as createPlacement() does.
 */
export function createRing(
  spec: PolicySpec,
  hash: Hash,
  members: readonly Member[],
): { readonly members: readonly Member[]; readonly ring: Ring } | null {
  const options = completeOptions(spec);
  checkMembers(members);
  const ordered = inOrder(spec, members);
  return spec.policy.ring ? { members: ordered, ring: spec.policy.ring(ordered, hash, options) } : null;
}

const inOrder = ({ policy }: PolicySpec, members: readonly Member[]): readonly Member[] =>
  policy.ordered ? members : sortMembers(members);
