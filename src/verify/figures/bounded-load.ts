import { type Accept, type Load, loadCap } from "../../placement/index.ts";
import { clientAddress } from "../../workload/client-keys.ts";
import { type Figure, near } from "../figure.ts";
import { place, servers } from "../servers.ts";

const SERVERS = 1000;
const KEYS = 10_000;
const source = "Mirrokni et al. 2016";

/** Puts the keys on servers one by one, by `choose`, and tells `placed` how many it has then. */
function fill(
  choose: (key: string, load: Load, index: number) => number,
  placed: (load: number, index: number) => void,
  seed: number,
): void {
  const loads = new Float64Array(SERVERS);
  const load: Load = (m) => loads[m] as number;
  for (let index = 0; index < KEYS; index++) {
    const owner = choose(clientAddress(index, seed), load, index);
    loads[owner] = load(owner) + 1;
    placed(load(owner), index);
  }
}

/** Servers of one point differ much from ring to ring, so the figure is a mean of several. */
const RINGS = 20;
const LAST = KEYS / 100;

/** Servers asked for each of the last keys, on average, when the cap is that of all the keys from the start. */
function probesOfLast(limit: number, seed: number): number {
  const ring = place("ring:vnodes=1", servers(SERVERS, `ring-${seed}`));
  const cap = loadCap(limit, KEYS, 1, SERVERS);
  let probes = 0;
  const choose = (key: string, load: Load, index: number): number => {
    const below: Accept = (m) => {
      if (index >= KEYS - LAST) probes++;
      return load(m) < cap;
    };
    return ring.select(key, below);
  };
  fill(choose, () => {}, seed);
  return probes / LAST;
}

const limits = [
  [110, 55],
  [130, 10],
  [200, 2.2],
] as const;

const probes = limits.map(
  ([limit, expected]): Figure => ({
    what: `bounded load ${limit} %: servers asked for each of the last 1 % of ${KEYS} keys, ${SERVERS} servers of one point`,
    source,
    expected: `about ${expected}`,
    run: () => {
      const means = Array.from({ length: RINGS }, (_, ring) => probesOfLast(limit, ring));
      const ours = means.reduce((sum, mean) => sum + mean, 0) / RINGS;
      return { ours: ours.toFixed(1), ok: near(ours, expected, 0.2) };
    },
  }),
);

/** How often a server had more than the cap of the keys so far. */
function timesOver(limit: number): number {
  const ring = place(`ring:bounded=${limit}`, servers(SERVERS));
  let over = 0;
  fill(
    (key, load) => ring.select(key, undefined, load),
    (load, index) => {
      if (load > loadCap(limit, index + 1, 1, SERVERS)) over++;
    },
    1,
  );
  return over;
}

const never: Figure = {
  what: `bounded load: keys that put a server above the cap, of ${KEYS} each at 110 %, 130 % and 200 %`,
  source,
  expected: "0",
  run: () => {
    const ours = limits.reduce((sum, [limit]) => sum + timesOver(limit), 0);
    return { ours: String(ours), ok: ours === 0 };
  },
};

export const boundedLoadFigures: readonly Figure[] = [...probes, never];
