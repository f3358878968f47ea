import type { Member, Placement } from "./types.ts";
import { walkPlacement } from "./walk.ts";

/**
 * A placement over slots in a circle: a key's candidates are the owners met clockwise from its slot, each once.
 * Members that own no slot come last, in order of name. `owners` holds an index into `members` for each slot.
 */
export function circlePlacement(
  members: readonly Member[],
  owners: Uint16Array,
  slotOf: (key: string) => number,
): Placement {
  const steps = owners.length;
  return walkPlacement(members, {
    steps,
    start: slotOf,
    at: (slot, step) => owners[slot + step < steps ? slot + step : slot + step - steps] as number,
  });
}
