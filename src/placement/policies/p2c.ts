import { rehash } from "../rehash.ts";
import type { Accept, Load, Policy } from "../types.ts";
import { draws, walkPlacement } from "../walk.ts";
import { weightedPick } from "../weighted.ts";
import { seedOption } from "./random.ts";

/**
 * The power of two choices (Azar et al., 1994; Mitzenmacher, 1996): of two random servers, the less loaded one for its
 * weight. Nearly as even as the least loaded of all, at the cost of two drawn and without a herd after one server.
 */
export const p2c: Policy = {
  summary: "the less loaded of two random servers: nearly as even as looking at all of them",
  keyed: false,
  hashed: false,
  weighted: true,
  options: {
    choices: { default: 2, min: 1, max: 100, help: "how many different servers to draw and compare" },
    seed: seedOption,
  },
  build(members, _hash, options) {
    const choices = options.choices as number;
    const seed = options.seed as number;
    const weights = Float64Array.from(members, ({ weight }) => weight);
    const pick = weightedPick(members);
    let turn = 0;
    const randomWalk = walkPlacement(
      members,
      () => rehash(turn, seed),
      draws(members, (start, attempt) => pick(rehash(start, attempt))),
    );

    // One comparison at a time, kept here so that a choice allocates nothing.
    let best = -1;
    let bestCost = 0;
    let drawn = 0;
    let taken: Accept | undefined;
    let loadOf: Load = () => 0;
    /** Looks at one drawn server; true ends the drawing. */
    const compare: Accept = (m) => {
      if (taken !== undefined && !taken(m)) return false;
      const cost = (loadOf(m) + 1) / (weights[m] as number);
      if (best < 0 || cost < bestCost) {
        best = m;
        bestCost = cost;
      }
      return ++drawn === choices;
    };

    function leastOfDrawn(key: string): number {
      best = -1;
      drawn = 0;
      randomWalk.select(key, compare);
      return best;
    }

    return {
      ...randomWalk,
      select: (key, accept, load) => {
        taken = accept;
        loadOf = load ?? loadOf;
        const member = load === undefined ? randomWalk.select(key, accept) : leastOfDrawn(key);
        turn++;
        return member;
      },
    };
  },
};
