import { plural } from "../../format.ts";
import { chanceOf, evenly, type Group, labelsOf } from "../../results/groups.ts";
import type { StudyPoint } from "../../results/run.ts";
import { serverLoads } from "../../results/server-loads.ts";
import { binomialCdf } from "../../stats/binomial.ts";

const MAX_SIZES = 5;
/** As many as a line can show. */
const MAX_DOTS = 500;
/** A chance so small is not drawn. */
const HARDLY = 0.0005;

/** The loads of one policy at one number of servers, each over the server's share, ascending. */
export interface Line {
  readonly label: string;
  readonly point: StudyPoint;
  readonly loads: readonly number[];
}

/** So many servers (`y`, a share of them all) have at most this load (`x`, over their share). */
export interface Dot {
  readonly x: number;
  readonly y: number;
}

/** One policy, at up to five numbers of servers. */
export const linesOverSizes = ([group]: readonly Group[]): Line[] =>
  evenly((group?.points ?? []).filter(tells), MAX_SIZES).map((point) => lineOf(plural(point.servers, "server"), point));

/** Every policy, at one number of servers. */
export const linesAt = (groups: readonly Group[], servers: number): Line[] => {
  const labels = labelsOf(groups);
  return groups.flatMap(({ name, points }, i) =>
    points
      .filter((point) => point.servers === servers && tells(point))
      .map((point) => lineOf(labels[i] ?? name, point)),
  );
};

/** How far the idlest and the busiest server are apart. */
const widthOf = ({ loads }: Line): number => (loads.at(-1) ?? 0) - (loads[0] ?? 0);
/** Widest first. */
export const byWidth = (a: Line, b: Line): number => widthOf(b) - widthOf(a);

const tells = ({ servers, count }: StudyPoint): boolean => servers > 1 && count > 0;

const lineOf = (label: string, point: StudyPoint): Line => ({
  label,
  point,
  loads: serverLoads(point)
    .map(({ ratio }) => ratio)
    .toSorted((a, b) => a - b),
});

/** The exact distribution of one server's load when chance alone places the keys: as many as leave the point's chance cv. */
export function chanceDots(point: StudyPoint): Dot[] {
  const { servers } = point;
  const keys = Math.max(1, Math.round((servers - 1) / chanceOf(point) ** 2));
  const { from, cdf } = binomialCdf(keys, 1 / servers);
  const everyNth = Math.ceil(cdf.length / MAX_DOTS);
  return [...cdf]
    .map((y, i) => ({ x: ((from + i) * servers) / keys, y }))
    .filter(({ y }, i) => i % everyNth === 0 && y > HARDLY && y < 1 - HARDLY);
}
