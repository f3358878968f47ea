import type { Placement } from "../placement/index.ts";
import type { WeightedKeys } from "../workload/weighted-keys.ts";
import { eachKey, type Watch } from "./each-key.ts";
import { selectInEach } from "./select-in-each.ts";
import { sameNames } from "./simulate.ts";

/** What one placement of a sweep did with the keys. */
export interface Step {
  readonly placement: Placement;
  /** For each member, how many keys it has. */
  readonly keys: Float64Array;
  /** For each member, how many requests its keys have. */
  readonly requests: Float64Array;
  /** What has a server of another name than in the step before; null in the first. */
  readonly moved: Moves | null;
}

/** Fractions of all, from 0 to 1. */
interface Moves {
  readonly keys: number;
  readonly requests: number;
}

/**
 * Sends every key through each placement in turn (each with at least one member) and counts what moves from one to
 * the next. A member's load is the requests that it has so far. One pass that makes each key once, in memory that does
 * not grow with their number. Rejects when its signal is aborted.
 */
export async function sweep(placements: readonly Placement[], keys: WeightedKeys, watch: Watch = {}): Promise<Step[]> {
  const byKeys = placements.map(({ members }) => new Float64Array(members.length));
  const byRequests = placements.map(({ members }) => new Float64Array(members.length));
  const loads = byRequests.map((requests) => (member: number) => requests[member] as number);
  const movedKeys = new Float64Array(placements.length);
  const movedRequests = new Float64Array(placements.length);
  const same = placements.map(({ members }, step) => sameNames(placements[step - 1]?.members ?? [], members));
  const select = selectInEach(placements, loads);

  function visit(index: number): void {
    const owners = select(keys.key(index));
    const requests = keys.requestsOf(index);
    let before = -1;
    for (let step = 0; step < owners.length; step++) {
      const owner = owners[step] as number;
      ((byKeys[step] as Float64Array)[owner] as number)++;
      ((byRequests[step] as Float64Array)[owner] as number) += requests;
      if (step > 0 && (same[step] as Int32Array)[before] !== owner) {
        (movedKeys[step] as number)++;
        (movedRequests[step] as number) += requests;
      }
      before = owner;
    }
  }

  await eachKey(keys.count, visit, watch);
  const share = (moved: number | undefined, all: number): number => (all === 0 ? 0 : (moved ?? 0) / all);
  return placements.map((placement, step) => ({
    placement,
    keys: byKeys[step] as Float64Array,
    requests: byRequests[step] as Float64Array,
    moved:
      step === 0
        ? null
        : { keys: share(movedKeys[step], keys.count), requests: share(movedRequests[step], keys.requests) },
  }));
}
