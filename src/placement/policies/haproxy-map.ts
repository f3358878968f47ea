import { PlacementError } from "../error.ts";
import { keyHash, keyOptions } from "../haproxy-key.ts";
import { hashText } from "../key.ts";
import type { Policy } from "../types.ts";
import { wholeWeights } from "../weights.ts";

/** The most that HAProxy takes as a weight. */
const MAX_WEIGHT = 256;
/** Every slot is fought for by every server; this many take seconds. */
const MAX_STEPS = 1e9;

/** The greatest number that divides all of `values`. */
function commonDivisor(values: readonly number[]): number {
  return values.reduce((a, b) => {
    while (b > 0) [a, b] = [b, a % b];
    return a;
  });
}

/**
 * The owner of each slot, one slot for each unit of weight: every server of `usable` scores its weight, and the first
 * whose score reaches the most whole multiples of the total takes the slot and pays the total.
 */
function fillMap(weights: readonly number[], usable: readonly number[]): Uint16Array {
  const total = usable.reduce((sum, member) => sum + (weights[member] as number), 0);
  const scores = new Float64Array(weights.length);
  return new Uint16Array(total).map(() => {
    let best = -1;
    let most = -1;
    for (const member of usable) {
      scores[member] = (scores[member] as number) + (weights[member] as number);
      const multiples = Math.floor(((scores[member] as number) + total) / total);
      if (multiples > most) {
        best = member;
        most = multiples;
      }
    }
    scores[best] = (scores[best] as number) - total;
    return best;
  });
}

/**
 * What HAProxy's `balance uri whole` (or `balance hash`) with `hash-type map-based`, its default, does (as of 2.6): a
 * map of the servers in the order given, and the hash modulo its size. Without the servers that are not accepted the
 * map is made anew, as HAProxy makes it, so all that is known of candidates() is the first; the others follow it
 * through the map.
 */
export const haproxyMap: Policy = {
  summary: "HAProxy's own default, hash-type map-based, exactly; a change moves nearly every key",
  keyed: true,
  hashed: false,
  weighted: true,
  ordered: true,
  options: keyOptions("no"),
  build(members, _hash, options) {
    const given = wholeWeights(members, "haproxy", MAX_WEIGHT);
    const divisor = commonDivisor(given);
    const weights = given.map((weight) => weight / divisor);
    const all = weights.map((_, member) => member);
    if (weights.reduce((sum, weight) => sum + weight, 0) * weights.length > MAX_STEPS) {
      throw new PlacementError("HAProxy's map would be too large to make: lower the weights, or take fewer servers.");
    }
    const whole = fillMap(weights, all);
    const hash = keyHash(options);

    // The map without the servers that were not accepted last time, and which those were: it is made once a change.
    const accepted = new Uint8Array(members.length).fill(1);
    let reduced = whole;

    function reducedMap(accept: (member: number) => boolean): Uint16Array {
      let changed = false;
      for (let member = 0; member < accepted.length; member++) {
        const takes = accept(member) ? 1 : 0;
        changed ||= takes !== accepted[member];
        accepted[member] = takes;
      }
      if (changed)
        reduced = fillMap(
          weights,
          all.filter((member) => accepted[member] === 1),
        );
      return reduced;
    }

    return {
      members,
      select: (key, accept) => {
        const map = accept === undefined ? whole : reducedMap(accept);
        return map.length === 0 ? -1 : (map[hashText(hash, key) % map.length] as number);
      },
      candidates: (key) => {
        const slot = hashText(hash, key) % whole.length;
        return [...new Set([...whole.subarray(slot), ...whole.subarray(0, slot)])];
      },
      byHash: { hash, member: (hashed) => whole[hashed % whole.length] as number },
    };
  },
  /** Every server has the same share of the slots. */
  expectedCv: () => 0,
};
