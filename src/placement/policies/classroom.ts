import { PlacementError } from "../error.ts";
import { requestId, requestSlot, serverId, vnodeSlot } from "../hashes/quadratic.ts";
import type { Member, Policy } from "../types.ts";
import { circle, hashedWalk } from "../walk.ts";

/** The slots with their vnodes' members, −1 where empty: in order of server id and j, a taken slot gives the next. */
export function placeVnodes(members: readonly Member[], slots: number, vnodes: number): Int32Array {
  const ids = members.map(({ name }) => serverId(name));
  const order = members.map((_, m) => m).sort((a, b) => (ids[a] as number) - (ids[b] as number));
  const owners = new Int32Array(slots).fill(-1);
  for (const m of order) {
    for (let j = 1; j <= vnodes; j++) {
      let slot = vnodeSlot(ids[m] as number, j, slots);
      while (owners[slot] !== -1) slot = (slot + 1) % slots;
      owners[slot] = m;
    }
  }
  return owners;
}

/** Gives every empty slot to the owner of the next taken one clockwise, so that a lookup is one step. */
function fillClockwise(placed: Int32Array): Uint16Array {
  const owners = new Uint16Array(placed.length);
  let owner = placed.find((m) => m >= 0) as number;
  for (let slot = placed.length - 1; slot >= 0; slot--) {
    if (placed[slot] !== -1) owner = placed[slot] as number;
    owners[slot] = owner;
  }
  return owners;
}

/**
 * The ring of the well-known distributed-systems assignment, exactly: two quadratics and linear probing. It spreads
 * badly by design: H reaches 87 of the 512 slots.
 */
export const classroom: Policy = {
  summary: "the classroom ring: 512 slots, 9 vnodes a server, two quadratics, linear probing",
  keyed: true,
  hashed: false,
  weighted: false,
  options: {
    slots: { default: 512, min: 2, max: 1_048_576, help: "slots in the ring" },
    vnodes: { default: 9, min: 1, max: 10_000, help: "slots that each server takes" },
  },
  build(members, _hash, options) {
    const slots = options.slots as number;
    const vnodes = options.vnodes as number;
    const needed = members.length * vnodes;
    if (needed > slots) {
      throw new PlacementError(
        `The classroom ring has ${slots} slots and ${members.length} servers need ${needed}: take fewer servers or classroom:slots=${needed}.`,
      );
    }
    const owners = fillClockwise(placeVnodes(members, slots, vnodes));
    return hashedWalk(members, requestId, (id) => requestSlot(id, slots), circle(owners));
  },
};
