import type { Policy } from "../types.ts";

/**
 * The server with the least load for its weight, counting the new request; of those with the same, the next in turn,
 * so that idle servers share the first requests. Looks at every server for each request.
 */
export const leastConnections: Policy = {
  summary: "the server with the fewest requests in flight for its weight, whatever the key",
  keyed: false,
  hashed: false,
  weighted: true,
  options: {},
  build(members) {
    const weights = Float64Array.from(members, ({ weight }) => weight);
    const count = weights.length;
    let next = 0;
    const inTurn = (step: number): number => (next + step < count ? next + step : next + step - count);

    return {
      members,
      select: (_key, accept, load) => {
        let best = -1;
        let least = Number.POSITIVE_INFINITY;
        for (let step = 0; step < count; step++) {
          const m = inTurn(step);
          if (accept !== undefined && !accept(m)) continue;
          const cost = ((load === undefined ? 0 : load(m)) + 1) / (weights[m] as number);
          if (cost < least) {
            best = m;
            least = cost;
          }
        }
        if (best >= 0) next = (best + 1) % count;
        return best;
      },
      candidates: () =>
        members.map((_, step) => inTurn(step)).sort((a, b) => (weights[b] as number) - (weights[a] as number)),
    };
  },
};
