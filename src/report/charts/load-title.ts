import { capitalised, listed, plural, roundPercent } from "../../format.ts";
import { busiestOf, type Load, serverLoads } from "../../results/server-loads.ts";

/** More uneven than this is what a chart has to say first. */
const UNEVEN = 0.25;
/** Up to this many servers, a share of the whole says more than a multiple of the even share. */
const FEW_SERVERS = 10;
const MAX_NAMES = 3;

interface Evenness {
  readonly label: string;
  readonly servers: number;
  /** The share of all requests that the server most over its share has, and what it should have. */
  readonly peakShare: number;
  readonly fair: number;
  /** The largest distance of a server's load from its share, as a fraction of that share. */
  readonly off: number;
  readonly isWeighted: boolean;
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
  return `${unevenTitle(worst)}; ${named(even)} within ${roundPercent(within)} of ${worst.isWeighted ? "their shares" : "even"}`;
}

const unevenTitle = ({ label, servers, peakShare, fair, isWeighted }: Evenness): string =>
  servers <= FEW_SERVERS
    ? `${label} sends ${roundPercent(peakShare)} of the load to one of ${servers} servers${isWeighted ? `, whose share is ${roundPercent(fair)}` : ""}`
    : `${label} gives one of ${servers} servers ${(peakShare / fair).toFixed(1)} times its ${isWeighted ? "" : "even "}share`;

const evenTitle = ({ label, servers, off, isWeighted }: Evenness): string =>
  `${label} keeps all ${plural(servers, "server")} within ${roundPercent(off)} of ${shareOf(isWeighted)}`;

const togetherTitle = ({ off, servers, isWeighted }: Evenness, policies: number): string => {
  const all = policies === 2 ? "both" : `all ${policies}`;
  return off > UNEVEN
    ? `Under ${all} policies, servers are up to ${roundPercent(off)} off ${shareOf(isWeighted)}`
    : `${capitalised(all)} policies keep ${plural(servers, "server")} within ${roundPercent(off)} of ${shareOf(isWeighted)}`;
};

const shareOf = (isWeighted: boolean): string => (isWeighted ? "their shares by weight" : "an even share");

const named = (even: readonly Evenness[]): string => {
  if (even.length > MAX_NAMES) return `${even.length} others stay`;
  return `${listed(even.map(({ label }) => label))} ${even.length === 1 ? "stays" : "stay"}`;
};

function evennessOf(load: Load): Evenness {
  const loads = serverLoads(load);
  const { share, fair } = busiestOf(loads) ?? { share: 0, fair: 1 };
  const off = loads.reduce((most, { ratio }) => Math.max(most, Math.abs(ratio - 1)), 0);
  return {
    label: load.label,
    servers: loads.length,
    peakShare: share,
    fair,
    off,
    isWeighted: load.weights !== undefined,
  };
}
