import type { Member, Placement } from "./types.ts";

/**
 * A placement over slots in a circle: a key's candidates are the owners met clockwise from its slot, each once.
 * Members that own no slot come last, in the order of `members`. `owners` holds an index into `members` for each slot.
 * `nextSlot` leads elsewhere than clockwise: from the slot of try `tried` (0 is the key's own) to the next one's.
 */
export function circlePlacement(
  members: readonly Member[],
  owners: Uint16Array,
  slotOf: (key: string) => number,
  nextSlot: (slot: number, tried: number) => number = (slot) => (slot + 1 === owners.length ? 0 : slot + 1),
): Placement {
  // seen[m] === round marks a member as met in this walk, without a set to allocate or a list to clear.
  const seen = new Float64Array(members.length);
  let round = 0;

  /** The first owner from `slot` on that `accept` takes, or −1. */
  function walk(slot: number, accept: (member: number) => boolean): number {
    const mine = ++round;
    let left = members.length;
    for (let step = 0; step < owners.length && left > 0; step++) {
      const owner = owners[slot] as number;
      if (seen[owner] !== mine) {
        if (accept(owner)) return owner;
        seen[owner] = mine;
        left--;
      }
      slot = nextSlot(slot, step);
    }
    return left > 0 ? slotless(mine, accept) : -1;
  }

  function slotless(mine: number, accept: (member: number) => boolean): number {
    for (let member = 0; member < members.length; member++) {
      if (seen[member] !== mine && accept(member)) return member;
    }
    return -1;
  }

  return {
    members,
    select: (key, accept) => {
      const slot = slotOf(key);
      return accept === undefined ? (owners[slot] as number) : walk(slot, accept);
    },
    candidates: (key) => {
      const order: number[] = [];
      walk(slotOf(key), (member) => {
        order.push(member);
        return false;
      });
      return order;
    },
  };
}
