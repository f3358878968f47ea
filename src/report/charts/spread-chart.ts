import { percent, percentFigure, roundPercent } from "../../format.ts";
import { chanceOf, cvOf, type Group, labelsOf } from "../../results/groups.ts";
import { barFigures, levelLine, type Whisker, whiskers } from "./chart-marks.ts";
import { chartOptions, colour, GREY, LAYOUT_WITH_MARGIN, lineStyle, logAxis } from "./chart-theme.ts";
import type { ChartConfiguration } from "./renderer.ts";
import { spreadTitle } from "./spread-title.ts";

type Dataset = ChartConfiguration["data"]["datasets"][number];

/** A larger ratio between the widest spread and chance's needs a log axis. */
const WIDE_RANGE = 12;
/** The whiskers of more policies than this would hide one another. */
const MAX_WITH_WHISKERS = 4;
/** In pixels. */
const WHISKERS_APART = 9;

/** cv against the number of servers, a line a policy and hash, with what chance alone leaves as a dashed line. */
export function spreadChart(groups: readonly Group[], sizes: readonly number[], what: string): ChartConfiguration {
  return sizes.length === 1 ? barsAtOneSize(groups, what) : linesOverSizes(groups, sizes, what);
}

function chanceAt(groups: readonly Group[], size: number): number {
  const point = pointOf(groups, size);
  return point ? chanceOf(point) : 0;
}

function barsAtOneSize(groups: readonly Group[], what: string): ChartConfiguration {
  const [floor = 0] = groups.flatMap((group) => group.points.map(chanceOf));
  const labels = labelsOf(groups);
  const headings = {
    title: spreadTitle(groups, labels),
    subtitle: groups.some(({ points }) => points[0]?.runs) ? `${what}. ±: standard deviation of the runs` : what,
    x: "policy",
    y: "standard deviation ÷ mean",
  };
  const options = chartOptions("bar", headings, {
    x: { type: "category", grid: { display: false } },
    y: { type: "linear", beginAtZero: true, grace: "8%", ticks: percentTicks },
  });
  return {
    type: "bar",
    data: {
      labels,
      datasets: [
        {
          data: groups.map(({ points }) => points.map(cvOf)[0] ?? 0),
          backgroundColor: colour(0),
          maxBarThickness: 120,
        },
      ],
    },
    options: {
      ...options,
      layout: LAYOUT_WITH_MARGIN,
      plugins: { ...options.plugins, legend: { display: false } },
    },
    plugins: [
      levelLine(floor, ["chance alone", percent(floor)]),
      barFigures((cv, i) => {
        const sd = groups[i]?.points[0]?.runs?.cv.sd;
        return sd === undefined ? percent(cv) : `${percent(cv)} ± ${percentFigure(sd)}`;
      }),
    ],
  };
}

function linesOverSizes(groups: readonly Group[], sizes: readonly number[], what: string): ChartConfiguration {
  const labels = labelsOf(groups);
  const floor = sizes.map((size) => chanceAt(groups, size));
  const lowest = lowestShown(groups, floor);
  const series = groups.map((group, i) => cvSeries(group, labels[i] ?? group.name, i, sizes, lowest));
  const theory = groups.flatMap((group, i) => theorySeries(group, i, sizes));
  const overRuns = groups.length > MAX_WITH_WHISKERS ? [] : groups.map((_, i) => whiskersOf(groups, i, sizes));
  const high = Math.max(0, ...overRuns.flat().map((whisker) => whisker?.high ?? 0));
  const runsNote = high > 0 ? ["Thin line: ± standard deviation of the runs"] : [];
  const headings = {
    title: spreadTitle(groups, labels),
    subtitle: [what, ...theoryNote(theory), ...runsNote, ...edgeNote(groups, lowest)].join(". "),
    x: "servers",
    y: `standard deviation ÷ mean${lowest > 0 ? " (log scale)" : ""}`,
  };
  return {
    type: "line",
    data: { labels: sizes.map(String), datasets: [...series, floorSeries(floor), ...theory] },
    options: chartOptions("line", headings, {
      x: { type: "category", offset: true },
      y: {
        ...(lowest > 0 ? logAxis(lowest, roundPercent) : { type: "linear", beginAtZero: true, ticks: percentTicks }),
        suggestedMax: high * 1.04,
      },
    }),
    plugins: [whiskers(overRuns)],
  };
}

/** A policy's mean over several runs ± their standard deviation, in its colour and a little beside the others'. */
function whiskersOf(groups: readonly Group[], i: number, sizes: readonly number[]): (Whisker | undefined)[] {
  const beside = (i - (groups.length - 1) / 2) * WHISKERS_APART;
  return sizes.map((size) => {
    const cv = pointOf(groups.slice(i, i + 1), size)?.runs?.cv;
    return cv && { low: cv.mean - cv.sd, high: cv.mean + cv.sd, beside, colour: colour(i) };
  });
}

const theoryNote = (theory: readonly Dataset[]): string[] =>
  theory.length === 0 ? [] : ["Dotted: the policy's closed form"];

const edgeNote = (groups: readonly Group[], lowest: number): string[] => {
  const isBelow = groups.some((group) => group.points.some((point) => cvOf(point) < lowest));
  return isBelow ? [`On the lower edge: ${percent(lowest)} or less`] : [];
};

/** Where a log axis begins, or 0 when a linear one shows all. Far below chance, how far does not matter. */
function lowestShown(groups: readonly Group[], floor: readonly number[]): number {
  const chance = Math.min(...floor.filter((cv) => cv > 0));
  const cvs = groups.flatMap((group) => group.points.map(cvOf));
  if (!Number.isFinite(chance) || Math.max(...cvs) < WIDE_RANGE * chance) return 0;
  return Math.max(chance / 10, Math.min(chance, ...cvs) / 2);
}

function cvSeries(group: Group, label: string, i: number, sizes: readonly number[], lowest: number): Dataset {
  const data = sizes
    .map((size) => pointOf([group], size))
    .map((point) => (point === undefined ? null : Math.max(lowest, cvOf(point))));
  return { label, data, ...lineStyle(i), pointRadius: 7, spanGaps: true };
}

const floorSeries = (floor: number[]): Dataset => ({
  label: "chance alone",
  data: floor,
  borderColor: GREY,
  borderDash: [10, 6],
  borderWidth: 3,
  pointStyle: "line",
  pointRadius: 0,
});

/** Without a label it stays out of the legend: the subtitle explains it. */
function theorySeries(group: Group, i: number, sizes: readonly number[]): Dataset[] {
  const data = sizes.map((size) => pointOf([group], size)?.expectedCv ?? null);
  if (data.every((cv) => cv === null)) return [];
  return [{ data, borderColor: colour(i), borderDash: [2, 5], borderWidth: 2.5, pointRadius: 0, spanGaps: true }];
}

const pointOf = (groups: readonly Group[], servers: number) =>
  groups.flatMap((group) => group.points).find((point) => point.servers === servers);

const percentTicks = { callback: (cv: number | string) => roundPercent(Number(cv)) };
