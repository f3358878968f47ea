import { hashes } from "../../placement/index.ts";
import { hashText } from "../../placement/key.ts";
import { simulate } from "../../simulate/simulate.ts";
import { chiSquareSurvival } from "../../stats/distribution.ts";
import { clientKeys } from "../../workload/client-keys.ts";
import type { Figure } from "../figure.ts";
import { place, servers } from "../servers.ts";

const SERVERS = 1000;
const PROBES = 21;
const KEYS = 500_000;

/** The arc before each member's point, as a part of the ring. */
function gaps(): Float64Array {
  const { xxh64 } = hashes;
  const positions = place("multi-probe", servers(SERVERS)).members.map(
    ({ name }) => hashText(xxh64, name) / 2 ** xxh64.bits,
  );
  const order = positions.map((_, m) => m).sort((a, b) => (positions[a] as number) - (positions[b] as number));
  const arcs = new Float64Array(SERVERS);
  order.forEach((m, i) => {
    const before = positions[order[i === 0 ? SERVERS - 1 : i - 1] as number] as number;
    arcs[m] = (positions[m] as number) - before + (i === 0 ? 1 : 0);
  });
  return arcs;
}

/**
 * The exact chance that each member wins a key of k independent probes: k·∫F^(k−1) over its arc, where F(d), the chance
 * that a probe is farther than d from its point, is Σ max(0, arc − d): a straight line between the arcs' lengths.
 */
function winShares(arcs: Float64Array): Float64Array {
  const ascending = [...arcs.keys()].sort((a, b) => (arcs[a] as number) - (arcs[b] as number));
  const shares = new Float64Array(arcs.length);
  let farther = 1;
  let reached = 0;
  let won = 0;
  ascending.forEach((m, shorter) => {
    const arc = arcs[m] as number;
    const slope = arcs.length - shorter;
    const next = Math.max(0, farther - slope * (arc - reached));
    won += (farther ** PROBES - next ** PROBES) / slope;
    [farther, reached] = [next, arc];
    shares[m] = won;
  });
  return shares;
}

/** Keys do not show a share exactly; they show by χ² whether they fall as the exact shares say. */
function chiSquareOfKeys(shares: Float64Array): number {
  const { counts } = simulate(place("multi-probe", servers(SERVERS)), clientKeys(KEYS, 1));
  return counts.reduce((sum, count, m) => {
    const mean = (shares[m] as number) * KEYS;
    return sum + (count - mean) ** 2 / mean;
  }, 0);
}

export const multiProbeFigures: readonly Figure[] = [
  {
    what: `multi-probe: largest share over the mean, ${SERVERS} servers, ${PROBES} probes; whether ${KEYS} keys fall so`,
    source: "Appleton and O'Reilly 2015",
    expected: "1.05; p > 0.001",
    run: () => {
      const shares = winShares(gaps());
      const peak = Math.max(...shares) * SERVERS;
      const p = chiSquareSurvival(chiSquareOfKeys(shares), SERVERS - 1);
      return { ours: `${peak.toFixed(3)}; p = ${p.toFixed(3)}`, ok: Math.abs(peak - 1.05) < 0.005 && p > 0.001 };
    },
  },
];
