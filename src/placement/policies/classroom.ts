import { circlePlacement } from "../circle.ts";
import { PlacementError } from "../error.ts";
import { hashes } from "../hashes/index.ts";
import { hashText } from "../key.ts";
import { trailingNumber } from "../numbering.ts";
import { remainder } from "../remainder.ts";
import type { Circle, Member, Policy } from "../types.ts";

/** A six-digit number, 100000…999999, for a text that is not a number itself. */
const sixDigits = (text: string): number => 100_000 + remainder(hashText(hashes.xxh64, text), 900_000);

/** A server's id: the whole number at the end of its name (server-3, S5); of a name that has none, or a port, a hash. */
function serverId(name: string): number {
  return trailingNumber(name) ?? sixDigits(name);
}

/** A request's id: a key of up to 15 decimal digits is itself, any other a hash of six digits. */
function requestId(key: string): number {
  if (key.length === 0 || key.length > 15) return sixDigits(key);
  let id = 0;
  for (let at = 0; at < key.length; at++) {
    const digit = key.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return sixDigits(key);
    id = id * 10 + digit;
  }
  return id;
}

/** H(i) = i² + 2i + 17 mod slots. Reduced before it is squared, so that no product passes 2^53. */
export function requestSlot(id: number, slots: number): number {
  const i = remainder(id, slots);
  return (i * i + 2 * i + 17) % slots;
}

/** Φ(i, j) = i² + j² + 2j + 25 mod slots. */
function vnodeSlot(id: number, j: number, slots: number): number {
  const i = remainder(id, slots);
  return (i * i + j * j + 2 * j + 25) % slots;
}

/**
 * Takes the first free slot from a slot on, round the circle; at least one must be free. Each taken slot knows one
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
 * The slots as a circle. H depends on an id's remainder only, so that keys land on its values for the remainders. A
 * point or a key is in the middle of its slot.
 */
function slotCircle(placed: Int32Array): Circle {
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
    return circlePlacement(members, owners, (key) => requestSlot(requestId(key), slots));
  },
  circle: (members, _hash, options) =>
    slotCircle(placeVnodes(members, options.slots as number, options.vnodes as number)),
};
