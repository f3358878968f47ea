import { capitalised, listed, plural, roundPercent } from "./format.ts";
import type { Load } from "./load-chart.ts";

/** More uneven than this is what a chart has to say first. */
const UNEVEN = 0.25;
/** Up to this many servers, a share of the whole says more than a multiple of the even share. */
const FEW_SERVERS = 10;
const MOST_NAMES = 3;

interface Evenness {
  readonly label: string;
  readonly servers: number;
  /** The busiest server's share of all requests. */
  readonly peakShare: number;
  /** The largest distance of a server's load from the even share, as a fraction of that share. */
  readonly off: number;
}

/** What a chart of loads shows, in a sentence that comes from its figures. */
export function loadTitle(loads: readonly Load[]): string {
  const sorted = loads.map(evennessOf).toSorted((a, b) => a.off - b.off);
  const [best, worst] = [sorted[0], sorted.at(-1)];
  if (best === undefined || worst === undefined || worst.peakShare === 0) return "No server had a request";
  if (worst.servers === 1) return "A single server takes all requests";
  if (loads.length === 1) return worst.off > UNEVEN ? unevenTitle(worst) : evenTitle(worst);
  if (worst.off <= UNEVEN || worst.off < 2 * best.off) return togetherTitle(worst, loads.length);
  // Whoever is nearly as even as the best is named with it.
  const even = sorted.filter(({ off }) => off <= Math.max(2 * best.off, 0.1) && off < worst.off);
  const within = even.at(-1)?.off ?? best.off;
  return `${unevenTitle(worst)}; ${named(even)} within ${roundPercent(within)} of even`;
}

const unevenTitle = ({ label, servers, peakShare }: Evenness): string =>
  servers <= FEW_SERVERS
    ? `${label} sends ${roundPercent(peakShare)} of the load to one of ${servers} servers`
    : `${label} gives one of ${servers} servers ${(peakShare * servers).toFixed(1)} times its even share`;

const evenTitle = ({ label, servers, off }: Evenness): string =>
  `${label} keeps all ${plural(servers, "server")} within ${roundPercent(off)} of an even share`;

const togetherTitle = ({ off, servers }: Evenness, policies: number): string => {
  const all = policies === 2 ? "both" : `all ${policies}`;
  return off > UNEVEN
    ? `Under ${all} policies, servers are up to ${roundPercent(off)} off an even share`
    : `${capitalised(all)} policies keep ${plural(servers, "server")} within ${roundPercent(off)} of an even share`;
};

const named = (even: readonly Evenness[]): string => {
  if (even.length > MOST_NAMES) return `${even.length} others stay`;
  return `${listed(even.map(({ label }) => label))} ${even.length === 1 ? "stays" : "stay"}`;
};

function evennessOf({ label, counts }: Load): Evenness {
  const values = Object.values(counts);
  const total = values.reduce((sum, value) => sum + value, 0);
  const mean = total / values.length;
  const [busiest, idlest] = [Math.max(...values), Math.min(...values)];
  return total === 0
    ? { label, servers: values.length, peakShare: 0, off: 0 }
    : {
        label,
        servers: values.length,
        peakShare: busiest / total,
        off: Math.max(busiest - mean, mean - idlest) / mean,
      };
}
