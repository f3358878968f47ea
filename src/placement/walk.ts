import type { Member, Placement } from "./types.ts";

/** How a key meets members: from a start of its own, one a step, some perhaps again. */
export interface Walk {
  /** How many steps there are at most. */
  readonly steps: number;
  start(key: string): number;
  /** The member met at a step, from 0. */
  at(start: number, step: number): number;
}

/** A placement by a walk: a key's candidates are the members it meets, each once, then those it never meets, by name. */
export function walkPlacement(members: readonly Member[], { steps, start, at }: Walk): Placement {
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
    return left > 0 ? neverMet(mine, accept) : -1;
  }

  function neverMet(mine: number, accept: (member: number) => boolean): number {
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

/**
 * A walk of independent draws, for a choice that has no order of its own: when one is refused, the next attempt draws
 * anew. Four draws a member meet all but a few in a hundred.
 */
export function drawPlacement(
  members: readonly Member[],
  start: (key: string) => number,
  draw: (start: number, attempt: number) => number,
): Placement {
  return walkPlacement(members, { steps: 4 * members.length, start, at: draw });
}
