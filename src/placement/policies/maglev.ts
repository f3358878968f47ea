import { PlacementError } from "../error.ts";
import { hashPoint } from "../key.ts";
import { remainder } from "../remainder.ts";
import type { Hash, Member, Policy } from "../types.ts";
import { hashedWalk, roundSlots } from "../walk.ts";

/** One server's turns at the table: the slot it wants first, how far on the next, and its relative weight. */
export interface Preference {
  /** 0 ≤ offset < size. */
  readonly offset: number;
  /** 1 ≤ skip < size. */
  readonly skip: number;
  readonly weight: number;
}

/**
 * The servers' slots: preference `i` claims its wanted slots for `i`, one a turn, until every slot has an owner.
 * `turns` says whose turn it is, call by call.
 */
export function fillTable(
  size: number,
  preferences: readonly Preference[],
  turns: () => number = takeTurns(preferences.map(({ weight }) => weight)),
): Uint16Array {
  const owners = new Uint16Array(size);
  const taken = new Uint8Array(size);
  const wanted = Float64Array.from(preferences, ({ offset }) => offset);

  function claim(server: number): void {
    const { skip } = preferences[server] as Preference;
    let slot = wanted[server] as number;
    while (taken[slot] === 1) slot = (slot + skip) % size;
    taken[slot] = 1;
    owners[slot] = server;
    wanted[server] = (slot + skip) % size;
  }

  for (let filled = 0; filled < size; filled++) claim(turns());
  return owners;
}

/**
 * Whose turn it is, call by call. The heaviest has one each round and the others one whenever their fractions add up
 * to it; with equal weights that is the paper's plain round.
 */
function takeTurns(weights: readonly number[]): () => number {
  const heaviest = Math.max(...weights);
  const turnsTaken = new Float64Array(weights.length);
  let round = 1;
  let server = -1;
  return () => {
    for (;;) {
      server++;
      if (server === weights.length) {
        server = 0;
        round++;
      }
      const due = (round * (weights[server] as number)) / heaviest;
      if (due >= (turnsTaken[server] as number) + 1 - 1e-9) {
        (turnsTaken[server] as number)++;
        return server;
      }
    }
  };
}

/** A server's place in the order, from two hashes of its name. A prime size makes every skip visit every slot. */
function preferenceOf({ name, weight }: Member, hash: Hash, size: number): Preference {
  return {
    offset: remainder(hashPoint(hash, name), size),
    skip: remainder(hashPoint(hash, name, "#skip", 1), size - 1) + 1,
    weight,
  };
}

/** The owner of each of the table's slots, of which a key has hash mod `size`. */
export function maglevTable(members: readonly Member[], hash: Hash, size: number): Uint16Array {
  return fillTable(
    size,
    members.map((member) => preferenceOf(member, hash, size)),
  );
}

export function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return value >= 2;
}

/** Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): a table of slots that servers fill in turn. */
export const maglev: Policy = {
  summary: "Maglev's table: the most even shares, few keys moved by a change",
  keyed: true,
  hashed: true,
  weighted: true,
  options: {
    size: {
      default: 65_537,
      min: 2,
      max: 5_000_011,
      help: "slots in the table, a prime, best over 100 times the servers",
      check: (value) => (isPrime(value) ? null : "give a prime number"),
    },
  },
  build(members, hash, options) {
    const size = options.size as number;
    if (size < members.length) {
      throw new PlacementError(
        `The table of maglev has ${size} slots, fewer than its ${members.length} servers: give a prime size over 100 times as many, such as maglev:size=65537.`,
      );
    }
    const owners = maglevTable(members, hash, size);
    return hashedWalk(members, hash, (hashed) => remainder(hashed, size), roundSlots(owners));
  },
  /** Of `size` slots, the first `size mod n` servers have one more than the others. */
  expectedCv: (servers, options) => {
    const size = options.size as number;
    const more = size % servers;
    return Math.sqrt(more * (servers - more)) / size;
  },
};
