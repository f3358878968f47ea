import { listed, plural } from "../../format.ts";
import { evenly, type Group, labelsOf } from "../../results/groups.ts";
import { byWidth, chanceDots, type Dot, type Line, linesAt, linesOverSizes } from "./cdf-lines.ts";
import { chartOptions, colour, GREY, lineStyle, logAxis } from "./chart-theme.ts";
import type { ChartConfiguration } from "./renderer.ts";

/** More lines than this can't be told apart. */
const MAX_LINES = 12;
const MAX_MARKERS = 20;
/** A load of more than this many means needs a log axis for the others to be seen. */
const WIDE_RANGE = 10;
/** Where a log axis begins: what is below it is drawn on its edge. */
const LEAST_LOAD = 0.1;
/** From so many dots on, the steps of a distribution are too small to be seen. */
const SMOOTH = 50;

type Dataset = ChartConfiguration["data"]["datasets"][number];

/**
 * How many servers have at most how much load: each policy at the largest number of servers, or a single one at several
 * numbers, and what chance alone would show. A sentence where there is nothing to tell apart.
 */
export function cdfChart(
  groups: readonly Group[],
  sizes: readonly number[],
  what: string,
): ChartConfiguration | string {
  const most = sizes.at(-1) ?? 0;
  const all = groups.length === 1 ? linesOverSizes(groups) : linesAt(groups, most);
  const lines = all.length <= MAX_LINES ? all : evenly(all.toSorted(byWidth), MAX_LINES);
  if (lines.length === 0)
    return "There is no distribution of load to draw: it takes requests, and two servers or more.";
  const chances = (groups.length === 1 ? lines : lines.slice(0, 1)).map(({ point }) => chanceDots(point));
  const axis = axisOf([...lines.flatMap(({ loads }) => loads), ...chances.flatMap((dots) => dots.map(({ x }) => x))]);
  const share = lines.some(({ point }) => point.weights) ? "share by weight" : "mean";
  const missing = labelsOf(groups).filter((label) => groups.length > 1 && all.every((line) => line.label !== label));
  const notes = [
    groups.length === 1 ? what : `${plural(most, "server")}, ${what}`,
    `Each step up is a server. ${groups.length === 1 ? "Dashed, in the same colour" : "Grey"}: chance alone`,
    ...(axis.isLog ? [`On the left edge: ${LEAST_LOAD} or less`] : []),
    ...(lines.length < all.length
      ? [`Here are ${lines.length} of ${all.length}, from the widest to the narrowest`]
      : []),
    ...(missing.length > 0 ? [`Not at ${plural(most, "server")}: ${listed(missing)}`] : []),
  ];
  const headings = {
    title: titleOf(groups.length === 1 ? (labelsOf(groups)[0] ?? "") : null, lines),
    subtitle: notes.join(". "),
    x: `load of a server ÷ ${share}${axis.isLog ? " (log scale)" : ""}`,
    y: "servers with at most this load",
  };
  return {
    type: "line",
    data: {
      datasets: [
        ...lines.map((line, i) => steps(line, i, axis)),
        ...chances.map((dots, i) => chanceSeries(dots, axis, groups.length === 1 ? colour(i) : GREY)),
      ],
    },
    options: chartOptions("line", headings, {
      x: axis.isLog
        ? { ...logAxis(axis.min, String), max: axis.max }
        : { type: "linear", min: axis.min, max: axis.max },
      y: { type: "linear", min: 0, max: 1, ticks: { callback: (value) => `${Math.round(Number(value) * 100)} %` } },
    }),
  };
}

interface Axis {
  readonly min: number;
  readonly max: number;
  readonly isLog: boolean;
}

function axisOf(places: readonly number[]): Axis {
  const low = places.reduce((least, place) => Math.min(least, place));
  const high = places.reduce((most, place) => Math.max(most, place));
  if (high > WIDE_RANGE) return { min: LEAST_LOAD, max: high * 1.2, isLog: true };
  // From one half of a power of ten to another, so that the ticks are round.
  const unit = 10 ** Math.floor(Math.log10(Math.max(1e-6, high - low))) / 2;
  return { min: Math.floor(low / unit) * unit, max: Math.ceil(high / unit) * unit, isLog: false };
}

/** From below the first dot on; what lies below the axis is drawn at its edge. */
const onAxis = (dots: readonly Dot[], { min }: Axis): Dot[] =>
  [{ x: dots[0]?.x ?? min, y: 0 }, ...dots].map(({ x, y }) => ({ x: Math.max(min, x), y }));

function steps({ label, loads }: Line, i: number, axis: Axis): Dataset {
  const everyNth = Math.ceil(loads.length / MAX_MARKERS);
  return {
    ...lineStyle(i),
    label,
    data: onAxis(
      loads.map((x, rank) => ({ x, y: (rank + 1) / loads.length })),
      axis,
    ),
    stepped: "before",
    pointRadius: ({ dataIndex }: { dataIndex: number }) => (dataIndex > 0 && (dataIndex - 1) % everyNth === 0 ? 6 : 0),
  };
}

const chanceSeries = (dots: readonly Dot[], axis: Axis, borderColor: string): Dataset => ({
  data: onAxis(dots, axis),
  borderColor,
  borderDash: [8, 6],
  borderWidth: 2,
  pointRadius: 0,
  stepped: dots.length < SMOOTH ? "before" : false,
});

/** Who has how much, of the widest and of the narrowest. */
function titleOf(policy: string | null, lines: readonly Line[]): string {
  const [widest, ...others] = lines.toSorted(byWidth);
  const narrowest = others.at(-1);
  if (widest === undefined) return "";
  const said = `${policy === null ? "" : `${policy}, `}${widest.label}: the idlest has ${least(widest)} and the busiest ${most(widest)} times its share`;
  return narrowest === undefined ? said : `${said}; ${narrowest.label}: ${least(narrowest)} and ${most(narrowest)}`;
}

const least = ({ loads }: Line): string => times(loads[0] ?? 0);
const most = ({ loads }: Line): string => times(loads.at(-1) ?? 0);
const times = (ratio: number): string => (ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2));
