import { hashText } from "./key.ts";
import type { Hash, Member, Placement } from "./types.ts";

/** How a key meets members: from a start of its own, one a step, some perhaps again. */
export interface Walk {
  /** How many steps there are at most. */
  readonly steps: number;
  /** The member met at a step, from 0. */
  at(start: number, step: number): number;
}

/** Once round slots in a ring, each of which belongs to a member: `owners` holds an index into the members. */
export function roundSlots(owners: Uint16Array): Walk {
  const steps = owners.length;
  return { steps, at: (slot, step) => owners[slot + step < steps ? slot + step : slot + step - steps] as number };
}

/**
 * Independent draws, for a choice that has no order of its own: when one is not accepted, the next attempt draws anew. Four
 * draws a member meet all but a few in a hundred.
 */
export function draws(members: readonly Member[], draw: (start: number, attempt: number) => number): Walk {
  return { steps: 4 * members.length, at: draw };
}

/**
 * A placement by a walk that begins where `start` says: a key's candidates are the members it meets, each once, then
 * those it never meets, by name.
 */
export function walkPlacement(
  members: readonly Member[],
  start: (key: string) => number,
  { steps, at }: Walk,
): Placement {
  // seen[m] === round marks a member as met in this walk, without a set to allocate or a list to clear.
  const seen = new Float64Array(members.length);
  let round = 0;

  /** The first member from `from` on that `accept` takes, or −1. */
  function walk(from: number, accept: (member: number) => boolean): number {
    const mine = ++round;
    let left = members.length;
    for (let step = 0; step < steps && left > 0; step++) {
      const member = at(from, step);
      if (seen[member] === mine) continue;
      if (accept(member)) return member;
      seen[member] = mine;
      left--;
    }
    return left > 0 ? firstUnmet(mine, accept) : -1;
  }

  function firstUnmet(mine: number, accept: (member: number) => boolean): number {
    for (let member = 0; member < members.length; member++) {
      if (seen[member] !== mine && accept(member)) return member;
    }
    return -1;
  }

  return {
    members,
    select: (key, accept) => (accept === undefined ? at(start(key), 0) : walk(start(key), accept)),
    candidates: (key) => {
      const order: number[] = [];
      walk(start(key), (member) => {
        order.push(member);
        return false;
      });
      return order;
    },
  };
}

/** A walkPlacement whose start follows from the key's hash. */
export function hashedWalk(
  members: readonly Member[],
  hash: Hash,
  start: (hashed: number) => number,
  walk: Walk,
): Placement {
  return {
    ...walkPlacement(members, (key) => start(hashText(hash, key)), walk),
    byHash: { hash, member: (hashed) => walk.at(start(hashed), 0) },
  };
}
