import { rehash } from "../rehash.ts";
import type { Policy } from "../types.ts";
import { draws, walkPlacement } from "../walk.ts";
import { weightedPick } from "../weighted.ts";

/** The option of every policy that draws: with the same seed, the same draws in the same order. */
export const seedOption = { default: 1, min: 0, max: 0x7fff_ffff, help: "where the series of random numbers begins" };

/** A random server for each request, by weight: what perfect hashing of ever new keys would do. */
export const random: Policy = {
  summary: "a random server for each request, by weight, whatever the key",
  keyed: false,
  hashed: false,
  weighted: true,
  options: { seed: seedOption },
  build(members, _hash, options) {
    const seed = options.seed as number;
    const pick = weightedPick(members);
    let turn = 0;
    const drawn = walkPlacement(
      members,
      () => rehash(turn, seed),
      draws(members, (start, attempt) => pick(rehash(start, attempt))),
    );
    return {
      ...drawn,
      select: (key, accept) => {
        const member = drawn.select(key, accept);
        turn++;
        return member;
      },
    };
  },
  /** Every server has the same chance. */
  expectedCv: () => 0,
};
