/**
 * `lbctl/placement`: every policy and hash as a library. It is pure: no I/O, no clock, nothing but the language, in Node and in a
 * browser. Beside `placementOf`, which speaks of servers by their names, stands all that lbctl itself uses (`createPlacement`, …),
 * which speaks of them by their indices and allocates nothing for a key.
 */
import { createPlacement, defaultHash, PlacementError, type PolicySpec, parseHash, parsePolicy } from "./index.ts";
import { parseMembers } from "./members.ts";
import type { Hash, Member } from "./types.ts";

export * from "./index.ts";

/** A server: by name, as text such as `a*2` or `a=10.0.0.1:80*2`, or as an object; its weight is 1 unless it says otherwise. */
export type Server = string | { readonly name: string; readonly weight?: number; readonly address?: string };

/** Whether a server, by its name, is down: it is passed over, as a balancer passes over it. */
export type IsDown = (name: string) => boolean;

/** Where keys go, for one set of servers. Immutable: `add` and `remove` return another one. */
export interface KeyPlacement {
  /** In the order in which the policy numbers them. */
  readonly servers: readonly Member[];
  /** Returns the server that `key` goes to; null when all servers are down, or there is none. */
  owner(key: string, isDown?: IsDown): string | null;
  /**
   * Returns the first `count` servers for `key` in the order in which it prefers them, fewer when there are fewer: the owner, then whom
   * the key falls to when that one is down, and where its copies go (the preference list of Dynamo, the replicas of Cassandra).
   */
  owners(key: string, count: number, isDown?: IsDown): string[];
  /** Throws a PlacementError for a server that cannot be, or is here already. */
  add(...servers: readonly Server[]): KeyPlacement;
  /** Throws a PlacementError for a name that is not here. */
  remove(...names: readonly string[]): KeyPlacement;
}

/**
 * Returns where keys go over `servers`, under a policy and a hash as the command line names them (`"ring:vnodes=40"`, `"murmur3"`).
 * Throws a PlacementError, which says what to mend, for what cannot be.
 */
export const placementOf = (policy: string, servers: readonly Server[], hash: string = defaultHash): KeyPlacement =>
  build(parsePolicy(policy), parseHash(hash), servers.map(memberOf));

function memberOf(server: Server): Member {
  if (typeof server !== "string") return { weight: 1, ...server };
  const [member, ...more] = parseMembers(server);
  if (member === undefined || more.length > 0)
    throw new PlacementError(`${JSON.stringify(server)} is not one server: give each its own element of the array.`);
  return member;
}

function build(policy: PolicySpec, hash: Hash, members: readonly Member[]): KeyPlacement {
  const placement = createPlacement(policy, hash, members);
  const names = placement.members.map(({ name }) => name);
  const nobody: IsDown = () => false;

  function owners(key: string, count: number, isDown: IsDown = nobody): string[] {
    const found: number[] = [];
    const isWanted = (member: number): boolean => !found.includes(member) && !isDown(names[member] as string);
    while (found.length < count) {
      const next = placement.select(key, isWanted);
      if (next < 0) break;
      found.push(next);
    }
    return found.map((member) => names[member] as string);
  }

  return {
    servers: placement.members,
    owner: (key, isDown) =>
      isDown === undefined ? (names[placement.select(key)] ?? null) : (owners(key, 1, isDown)[0] ?? null),
    owners,
    add: (...servers) => build(policy, hash, [...members, ...servers.map(memberOf)]),
    remove: (...left) => {
      const unknown = left.find((name) => !names.includes(name));
      if (unknown !== undefined) throw new PlacementError(`There is no server ${JSON.stringify(unknown)} to remove.`);
      return build(
        policy,
        hash,
        members.filter(({ name }) => !left.includes(name)),
      );
    },
  };
}
