/** The public door of placement: which server a key goes to, live and simulated alike. */
import { checkMembers, sortMembers } from "./members.ts";
import { completeOptions, type PolicySpec } from "./spec.ts";
import type { Hash, Member, Placement } from "./types.ts";

export { boundedAccept, loadCap } from "./bounded.ts";
export { PlacementError } from "./error.ts";
export { defaultHash, type HashName, hashes } from "./hashes/index.ts";
export { formatMember, parseMembers } from "./members.ts";
export type { Module, Modules } from "./modules/module.ts";
export { defaultPolicy, type PolicyName, policies } from "./policies/index.ts";
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
  return spec.policy.build(spec.policy.ordered ? members : sortMembers(members), hash, options);
}
