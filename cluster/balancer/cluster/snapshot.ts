import {
  createPlacement,
  type Hash,
  type Member,
  type Placement,
  type PolicySpec,
} from "../../../src/placement/index.ts";
import { type HashKey, type KeySource, keyReader } from "../config/hash-key.ts";
import { keyTeller } from "../telemetry/access-log-entry.ts";
import { type Availability, isAvailable } from "./availability.ts";
import { type Host, newHost } from "./host.ts";

/** How a server is chosen for a request: by what, and what of the request. */
export interface Choice {
  readonly policy: PolicySpec;
  readonly hash: Hash;
  readonly key: HashKey;
}

/** Who is there and how they are chosen: immutable, swapped as one reference. */
export interface ClusterSnapshot extends Choice {
  readonly readKey: (source: KeySource) => string;
  /** A key as the access log may tell it. */
  readonly tellKey: (key: string) => string;
  readonly placement: Placement;
  /** In the order given, which some policies number servers by, whatever the order of the placement that is used now. */
  readonly members: readonly Member[];
  /** In the order of `placement.members`. */
  readonly hosts: readonly Host[];
  readonly availability: Availability;
  /** Whether the member at an index may be given requests. */
  readonly usable: (member: number) => boolean;
  /** The requests in flight at the member of an index, for the policies that look at load. */
  readonly load: (member: number) => number;
}

/** Throws a PlacementError or ConfigError for members that cannot be. `known` are the servers so far. */
export function buildSnapshot(
  { policy, hash, key }: Choice,
  members: readonly Member[],
  known: readonly Host[],
  availability: Availability,
): ClusterSnapshot {
  const placement = createPlacement(policy, hash, members);
  const hosts = placement.members.map((member) => keepOrMake(member, known));
  const usable = (member: number): boolean => {
    const host = hosts[member];
    return host !== undefined && isAvailable(host, availability);
  };
  const load = (member: number): number => hosts[member]?.inFlight ?? 0;
  // Weights are run-time state of a kept server: they are set once nothing can throw any more.
  for (const [index, host] of hosts.entries()) host.weight = placement.members[index]?.weight ?? 1;
  const keys = { key, readKey: keyReader(key), tellKey: keyTeller(key) };
  return { policy, hash, ...keys, placement, members, hosts, availability, usable, load };
}

/** A server that stays keeps its state; one that changed its address starts anew. */
function keepOrMake(member: Member, known: readonly Host[]): Host {
  const same = known.find(({ name }) => name === member.name);
  return same !== undefined && same.address === member.address ? same : newHost(member, same);
}
