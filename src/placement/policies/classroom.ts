import { PlacementError } from "../error.ts";
import { requestId, requestSlot, serverId, vnodeSlot } from "../hashes/quadratic.ts";
import type { Member, Policy, Ring } from "../types.ts";
import { hashedWalk, roundSlots } from "../walk.ts";

/**
 * Takes the first free slot from a slot on, round the ring; at least one must be free. Each taken slot knows one
 * farther on, and learns a farther one when it is asked, so that long runs of taken slots are not walked again.
 */
function freeSlots(slots: number): (from: number) => number {
  const next = Int32Array.from({ length: slots }, (_, slot) => slot);
  return (from) => {
    let slot = from;
    while (next[slot] !== slot) {
      next[slot] = next[next[slot] as number] as number;
      slot = next[slot] as number;
    }
    next[slot] = (slot + 1) % slots;
    return slot;
  };
}

/**
 * The slots with their vnodes' members, −1 where empty: in order of server id and j, a taken slot gives the next.
 * Throws a PlacementError where there are too few.
 */
export function placeVnodes(members: readonly Member[], slots: number, vnodes: number): Int32Array {
  const needed = members.length * vnodes;
  if (needed > slots) {
    throw new PlacementError(
      `The classroom ring has ${slots} slots and ${members.length} servers need ${needed}: take fewer servers or classroom:slots=${needed}.`,
    );
  }
  const ids = members.map(({ name }) => serverId(name));
  const order = members.map((_, m) => m).sort((a, b) => (ids[a] as number) - (ids[b] as number));
  const owners = new Int32Array(slots).fill(-1);
  const firstFree = freeSlots(slots);
  for (const m of order) {
    for (let j = 1; j <= vnodes; j++) owners[firstFree(vnodeSlot(ids[m] as number, j, slots))] = m;
  }
  return owners;
}

/**
 * The slots as a ring. H depends on an id's remainder only, so that keys land on its values for the remainders. A
 * point or a key is in the middle of its slot.
 */
function slotRing(placed: Int32Array): Ring {
  const slots = placed.length;
  const taken = Uint32Array.from(placed.keys()).filter((slot) => placed[slot] !== -1);
  return {
    points: Float64Array.from(taken, (slot) => (slot + 0.5) / slots),
    owners: Uint16Array.from(taken, (slot) => placed[slot] as number),
    ends: Float64Array.from(taken, (slot) => (slot + 1) / slots),
    landings: Float64Array.from(placed, (_, id) => (requestSlot(id, slots) + 0.5) / slots),
  };
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
    const owners = fillClockwise(placeVnodes(members, slots, options.vnodes as number));
    return hashedWalk(members, requestId, (id) => requestSlot(id, slots), roundSlots(owners));
  },
  ring: (members, _hash, options) => slotRing(placeVnodes(members, options.slots as number, options.vnodes as number)),
};
