/**
 * The vocabulary of placement. Everything in this folder is pure and imports nothing, not even
 * `node:`, because the live balancer and the simulator run the very same code.
 */

/** A server as placement sees it. Its name is its identity: never an index, an order or an address. */
export interface Member {
  readonly name: string;
  /** Relative share of the keys; a positive finite number, 1 unless said otherwise. */
  readonly weight: number;
  /** `host:port`, for the policies that hash addresses and for the balancer that connects there. */
  readonly address?: string;
}

/** A hash function over bytes: pure, and the same on every machine. */
export interface Hash {
  readonly name: string;
  /** Results are integers in [0, 2^bits): 1 to 53 of them, 53 being the most that a double holds exactly. */
  readonly bits: number;
  /** The values that keys can have, each as often as it is likely; left out where all below 2^bits are alike. */
  readonly values?: readonly number[];
  /** Hashes bytes[0, length). Does not keep or change `bytes`. */
  hash(bytes: Uint8Array, length: number): number;
  /**
   * Hashes the points of servers, where they are not hashed as keys are: bytes[0, length) are the text that `hash` would
   * be given, such as `server-3#7`, and `vnode` counts a server's points from 0.
   */
  hashVnode?(bytes: Uint8Array, length: number, server: string, vnode: number): number;
  /** The source of the module that it comes from, for a hash of the user's own. */
  readonly source?: string;
}

/** A choice by a key's hash alone, apart from the hashing: a key that several placements hash alike is hashed once. */
interface HashChoice {
  /** What is hashed of a key, by hashText. Placements that share the very same one hash keys alike. */
  readonly hash: Hash;
  /** The member that select() has for a key of this hash, when it is given nothing but the key. */
  member(hashed: number): number;
}

/** Whether a member, by its index, may be chosen now. */
export type Accept = (member: number) => boolean;

/** How much a member, by its index, has to do now: its requests in flight, or in a simulation its keys so far. */
export type Load = (member: number) => number;

/**
 * Where keys go, for one set of members: immutable, built once, swapped as a whole when members change.
 * Servers are indices into `members`, so that a hot path allocates nothing.
 */
export interface Placement {
  /** Sorted by name, so that the order in which they were given never matters; as given where the policy is `ordered`. */
  readonly members: readonly Member[];
  /**
   * The first candidate for `key` that `accept` takes; −1 when it takes none or there are no members.
   * Health, drain, limits and servers already tried are all `accept`. It may be asked about members in any order and
   * more than once, and must not call the placement itself.
   *
   * `load` is for the policies that look at it (least-connections, p2c, a bounded ring), under the same terms; without
   * it they take every load for 0. With it, they may choose another than the first acceptable candidate.
   */
  select(key: string, accept?: Accept, load?: Load): number;
  /** Every member once, in the order in which `key` prefers them; takes no turn where select() would (round-robin). */
  candidates(key: string): number[];
  /** select() in two steps, where neither turns nor `load` nor more of the key than one hash can change its choice. */
  readonly byHash?: HashChoice;
}

/**
 * The ring of a policy that has one: points of members, each with the arc whose keys it takes. Places are fractions
 * of the ring, clockwise.
 */
export interface Ring {
  /** Where the points lie, in [0, 1), ascending. */
  readonly points: Float64Array;
  /** The member of each point. */
  readonly owners: Uint16Array;
  /** Where the arc of each point ends and that of the next begins, ascending; the last may lie past 1. */
  readonly ends: Float64Array;
  /** Where keys land, each place as often as it is likely; left out where they land anywhere alike. */
  readonly landings?: Float64Array;
}

/** What a policy's options may be: whole numbers within bounds, or names for them; each with a default. */
export interface OptionRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** A phrase for help: what it means, in its unit. */
  readonly help: string;
  /** The names of the values from 0 to `max`, written in place of the number: `key=addr-port`. */
  readonly choices?: readonly string[];
  /** Says what is wrong with a value within the bounds (e.g. not a prime), or null. */
  check?(value: number): string | null;
}

export type PolicyOptions = Readonly<Record<string, number>>;

/** One way to choose a server for a key. One file each in `policies/`, one line each in its table. */
export interface Policy {
  /** One line for help. */
  readonly summary: string;
  /** False when the choice does not depend on the key (round-robin): nothing to predict, key by key. */
  readonly keyed: boolean;
  /** False when the policy brings its own hash (classroom) or uses none: `--hash` changes nothing. */
  readonly hashed: boolean;
  /** False when weights change nothing (modulo). */
  readonly weighted: boolean;
  /**
   * True when the balancer that is modelled numbers its servers in the order given: `members` are not sorted, and
   * another order is another placement.
   */
  readonly ordered?: boolean;
  readonly options: Readonly<Record<string, OptionRule>>;
  /**
   * Builds the placement. There is at least one member; `members` are sorted (unless the policy is `ordered`) and have
   * unique names; `options` are complete and valid. Throws a PlacementError where these members can't be placed with these options.
   */
  build(members: readonly Member[], hash: Hash, options: PolicyOptions): Placement;
  /** The source of the module that it comes from, for a policy of the user's own. */
  readonly source?: string;
  /** The ring that `build` places the same members on, where the policy has one whose arcs are its servers' shares. */
  ring?(members: readonly Member[], hash: Hash, options: PolicyOptions): Ring;
  /** The closed form of cv (standard deviation over mean of the servers' shares) for n equal servers, where one is known; null with options for which none is. */
  expectedCv?(servers: number, options: PolicyOptions): number | null;
}
