import { count, roundPercent, shortNames } from "../../format.ts";
import { busiestOf, serverLoads } from "../../results/server-loads.ts";
import type { RingPicture } from "./ring-picture.ts";

/** Busier than this over the fair share is what a chart has to say first. */
const UNEVEN = 0.25;
/** Up to this many servers, a share of the whole says more than a multiple of the fair share. */
const FEW_SERVERS = 10;
const LONGEST_NAME = 30;

/** One ring's busiest server, against its share by weight. */
interface Busiest {
  readonly label: string;
  readonly servers: number;
  readonly name: string;
  /** How far it is over its share, as a fraction of that share. */
  readonly over: number;
  /** What it has, in words. */
  readonly has: string;
}

/** What the rings show, in a sentence that comes from the load of each server. */
export function ringTitle(pictures: readonly RingPicture[]): string {
  if (pictures.every(({ point }) => point.count === 0)) return "No server had a request";
  if (pictures.every(({ point }) => point.servers === 1)) return "A single server takes all requests";
  const busiest = pictures.map(busiestOfRing);
  const [worst, ...others] = busiest.toSorted((a, b) => b.over - a.over);
  const best = others.at(-1);
  if (worst === undefined) return "";
  if (best === undefined) return alone(worst);
  if (busiest.every(({ label }) => label === worst.label)) return overSizes(busiest);
  const all = busiest.length === 2 ? "both" : `all ${busiest.length}`;
  if (worst.over <= UNEVEN)
    return `On ${all} rings, no server has more than ${roundPercent(worst.over)} over its share`;
  return `${said(worst)}; ${said(best)}`;
}

const said = ({ label, name, has }: Busiest): string => `${label}: ${name} has ${has}`;

const alone = (busiest: Busiest): string =>
  busiest.over <= UNEVEN && busiest.servers <= FEW_SERVERS
    ? `${said(busiest)}, ${roundPercent(busiest.over)} over its share`
    : said(busiest);

function overSizes(busiest: readonly Busiest[]): string {
  // A single server has everything, which says nothing.
  const [fewest, ...more] = busiest.filter(({ servers }) => servers > 1);
  const most = more.at(-1);
  if (fewest === undefined) return "";
  if (most === undefined) return alone(fewest);
  return `${fewest.label}: the busiest of ${fewest.servers} servers has ${fewest.has}, the busiest of ${count(most.servers)} ${most.has}`;
}

function busiestOfRing({ label, point }: RingPicture): Busiest {
  const { name = "", share = 0, fair = 0, ratio = 0 } = busiestOf(serverLoads(point)) ?? {};
  const of = point.chanceCv === undefined ? "keys" : "requests";
  const byWeight = point.weights === undefined ? "" : ` (${roundPercent(fair)} by weight)`;
  return {
    label,
    servers: point.servers,
    name: shortNames([name], LONGEST_NAME)[0] ?? name,
    over: ratio - 1,
    has:
      point.servers <= FEW_SERVERS
        ? `${roundPercent(share)} of the ${of}${byWeight}`
        : `${ratio.toFixed(1)} times its share`,
  };
}
