/** The public door of placement: which server a key goes to, live and simulated alike. */
import { type HashName, hashNamed } from "./hashes/index.ts";
import { checkMembers, sortMembers } from "./members.ts";
import { policies } from "./policies/index.ts";
import { completeOptions, type PolicySpec } from "./spec.ts";
import type { Circle, Member, Placement, Policy } from "./types.ts";

export { boundedAccept, loadCap } from "./bounded.ts";
export { arcShares, keyShares } from "./circle.ts";
export { PlacementError } from "./error.ts";
export { defaultHash, type HashName, hashes } from "./hashes/index.ts";
export { formatMember, parseMembers } from "./members.ts";
export { defaultPolicy, type PolicyName, policies } from "./policies/index.ts";
export { formatPolicy, type PolicySpec, parseHash, parsePolicies, parsePolicy } from "./spec.ts";
export type * from "./types.ts";

const nowhere: Placement = { members: [], select: () => -1, candidates: () => [] };

/**
 * Builds the placement of `members`, in whatever order they come (which only an `ordered` policy keeps). Throws a PlacementError for options, names or
 * weights that can't be, and for members that the policy has no room for.
 */
export function createPlacement(spec: PolicySpec, hash: HashName, members: readonly Member[]): Placement {
  const options = completeOptions(spec);
  checkMembers(members);
  if (members.length === 0) return nowhere;
  return policies[spec.name].build(inOrder(spec, members), hashNamed(hash), options);
}

/**
 * The circle on which createPlacement() places the same members (at least one); its owners are indices into `members`.
 * Null where the policy has none. Throws a PlacementError as createPlacement() does.
 */
export function createCircle(
  spec: PolicySpec,
  hash: HashName,
  members: readonly Member[],
): { readonly members: readonly Member[]; readonly circle: Circle } | null {
  const options = completeOptions(spec);
  checkMembers(members);
  const policy: Policy = policies[spec.name];
  const ordered = inOrder(spec, members);
  return policy.circle ? { members: ordered, circle: policy.circle(ordered, hashNamed(hash), options) } : null;
}

function inOrder({ name }: PolicySpec, members: readonly Member[]): readonly Member[] {
  const { ordered }: Policy = policies[name];
  return ordered ? members : sortMembers(members);
}
