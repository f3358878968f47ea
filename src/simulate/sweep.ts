import type { Load, Placement } from "../placement/index.ts";
import { eachKey, type KeySource, type OnProgress, sameNames } from "./simulate.ts";

/** What one placement of a sweep did with the keys. */
export interface Step {
  readonly placement: Placement;
  /** For each member, how many keys it has. */
  readonly counts: Float64Array;
  /** The fraction of keys, from 0 to 1, whose server has another name than in the step before; null in the first. */
  readonly moved: number | null;
}

/**
 * Sends every key through each placement in turn (each with at least one member) and counts what moves from one to
 * the next. A member's load is the keys that it has so far. One pass that makes each key once, in memory that does not grow with their number.
 */
export function sweep(placements: readonly Placement[], keys: KeySource, onProgress?: OnProgress): Step[] {
  const counts = placements.map(({ members }) => new Float64Array(members.length));
  const loads = counts.map((count) => (member: number) => count[member] as number);
  const moved = new Float64Array(placements.length);
  const same = placements.map(({ members }, step) => sameNames(placements[step - 1]?.members ?? [], members));

  function place(key: string): void {
    let before = -1;
    for (let step = 0; step < placements.length; step++) {
      const owner = (placements[step] as Placement).select(key, undefined, loads[step] as Load);
      ((counts[step] as Float64Array)[owner] as number)++;
      if (step > 0 && (same[step] as Int32Array)[before] !== owner) (moved[step] as number)++;
      before = owner;
    }
  }

  eachKey(keys.count, (index) => place(keys.key(index)), onProgress);
  return placements.map((placement, step) => ({
    placement,
    counts: counts[step] as Float64Array,
    moved: step === 0 || keys.count === 0 ? null : (moved[step] as number) / keys.count,
  }));
}
