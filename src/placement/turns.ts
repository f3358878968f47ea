/** Smooth weighted round-robin over members by index: who is next, of those that are asked about. */
export interface Turns {
  /** Gives a turn to one of `among` that `accept` takes, and returns it; −1 where there is none. */
  take(among: Uint16Array, accept?: (member: number) => boolean): number;
  /** `among` in the order in which take() would prefer them now; gives no turn. */
  order(among: Uint16Array): number[];
}

/**
 * nginx's turns: each asked about is credited with its weight, and the richest, who goes, pays the sum. Of equally
 * rich ones the first goes. The credits are kept from turn to turn, whoever was asked about.
 */
export function smoothTurns(weights: readonly number[]): Turns {
  const credits = new Float64Array(weights.length);
  const due = (member: number): number => (credits[member] as number) + (weights[member] as number);

  return {
    take(among, accept) {
      let best = -1;
      let paid = 0;
      for (let i = 0; i < among.length; i++) {
        const member = among[i] as number;
        if (accept !== undefined && !accept(member)) continue;
        credits[member] = due(member);
        paid += weights[member] as number;
        if (best < 0 || (credits[member] as number) > (credits[best] as number)) best = member;
      }
      if (best >= 0) credits[best] = (credits[best] as number) - paid;
      return best;
    },
    order: (among) => Array.from(among).sort((a, b) => due(b) - due(a)),
  };
}
