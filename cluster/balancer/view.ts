import { createPlacement, type Hash, type Member, type Placement, type PolicySpec } from "../../src/placement/index.ts";
import { keyTeller } from "./access/entry.ts";
import { type Availability, isAvailable } from "./availability.ts";
import { type KeySource, type KeySpec, keyReader } from "./key.ts";
import { newUpstream, type Upstream } from "./upstream.ts";

/** How a server is chosen for a request: by what, and what of the request. */
export interface Choice {
  readonly policy: PolicySpec;
  readonly hash: Hash;
  readonly key: KeySpec;
}

/** Who is there and how they are chosen: immutable, swapped as one reference. */
export interface View extends Choice {
  readonly readKey: (source: KeySource) => string;
  /** A key as the access log may tell it. */
  readonly tellKey: (key: string) => string;
  readonly placement: Placement;
  /** In the order given, which some policies number servers by, whatever the order of the placement that is used now. */
  readonly members: readonly Member[];
  /** In the order of `placement.members`. */
  readonly upstreams: readonly Upstream[];
  readonly availability: Availability;
  /** Whether the member at an index may be given requests. */
  readonly usable: (member: number) => boolean;
  /** The requests in flight at the member of an index, for the policies that look at load. */
  readonly load: (member: number) => number;
}

/** Throws a PlacementError or ConfigError for members that cannot be. `known` are the servers so far. */
export function buildView(
  { policy, hash, key }: Choice,
  members: readonly Member[],
  known: readonly Upstream[],
  availability: Availability,
): View {
  const placement = createPlacement(policy, hash, members);
  const upstreams = placement.members.map((member) => keepOrMake(member, known));
  const usable = (member: number): boolean => {
    const upstream = upstreams[member];
    return upstream !== undefined && isAvailable(upstream, availability);
  };
  const load = (member: number): number => upstreams[member]?.inFlight ?? 0;
  // Weights are run-time state of a kept server: they are set once nothing can throw any more.
  for (const [index, upstream] of upstreams.entries()) upstream.weight = placement.members[index]?.weight ?? 1;
  const keys = { key, readKey: keyReader(key), tellKey: keyTeller(key) };
  return { policy, hash, ...keys, placement, members, upstreams, availability, usable, load };
}

/** A server that stays keeps its state; one that changed its address starts anew. */
function keepOrMake(member: Member, known: readonly Upstream[]): Upstream {
  const same = known.find(({ name }) => name === member.name);
  return same !== undefined && same.address === member.address ? same : newUpstream(member, same);
}
