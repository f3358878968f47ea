import type { Hash, Load, Placement } from "../placement/index.ts";
import { hashText } from "../placement/key.ts";

/**
 * The members that select(key) with `loads` gives in each of `placements`, asked for together: a hash that one shares
 * with the one before it is made once. What is returned is the same array for every key.
 */
export function selectInEach(placements: readonly Placement[], loads: readonly Load[]): (key: string) => Int32Array {
  const choices = placements.map(({ byHash }) => byHash);
  const members = new Int32Array(placements.length);
  return (key) => {
    let hash: Hash | undefined;
    let hashed = 0;
    for (let i = 0; i < choices.length; i++) {
      const choice = choices[i];
      if (choice === undefined) {
        members[i] = (placements[i] as Placement).select(key, undefined, loads[i]);
        continue;
      }
      if (choice.hash !== hash) {
        hash = choice.hash;
        hashed = hashText(hash, key);
      }
      members[i] = choice.member(hashed);
    }
    return members;
  };
}
