import { whiskers } from "./chart-marks.ts";
import { chartOptions, colour, logAxis } from "./chart-theme.ts";
import { count, roundPercent } from "./format.ts";
import { type Group, labelsOf, meanOf } from "./groups.ts";
import type { ChartConfiguration } from "./renderer.ts";
import type { StudyPoint } from "./run.ts";

/** When the highest load is this many times the lowest mean, a linear axis hides the spread at its lower end. */
const WIDE_RANGE = 8;
/** Spreads that differ by less than this factor are called the same. */
const ALIKE = 1.2;

/** The mean load against the number of servers, with its spread: the mean alone is the same whatever the policy. */
export function meanChart(groups: readonly Group[], sizes: readonly number[], what: string): ChartConfiguration {
  const { low, high, isLog } = rangeOf(groups.flatMap((group) => group.points));
  const labels = labelsOf(groups);
  const rows = groups.map((group) => sizes.map((size) => group.points.find((point) => point.servers === size)));
  const headings = {
    title: meanTitle(groups, labels),
    subtitle: `${what}. Dot: mean; bar: mean ± standard deviation; thin line: from the idlest to the busiest server`,
    x: "servers",
    y: isLog ? "requests a server (log scale)" : "requests a server",
  };
  return {
    type: "bar",
    data: {
      labels: sizes.map(String),
      datasets: rows.map((row, i) => ({
        label: labels[i] ?? "",
        data: row.map((point) => (point === undefined ? null : deviation(point, low))),
        backgroundColor: colour(i),
        borderRadius: 3,
        borderSkipped: false,
        maxBarThickness: 26,
        // A spread too small to draw still shows its colour.
        minBarLength: 3,
      })),
    },
    options: chartOptions("bar", headings, {
      x: { type: "category", grid: { display: false } },
      y: { ...(isLog ? logAxis(low, count) : { type: "linear", min: low }), suggestedMax: high * 1.04 },
    }),
    plugins: [
      whiskers(rows.map((row) => row.map((point) => point && { low: point.min, middle: point.mean, high: point.max }))),
    ],
  };
}

/** What the axis has to show. A log axis has no zero: it begins below the idlest server or at a quarter of the lowest mean. */
function rangeOf(points: readonly StudyPoint[]): { low: number; high: number; isLog: boolean } {
  const lowestMean = Math.min(...points.map((point) => point.mean));
  const high = Math.max(...points.map((point) => Math.max(point.max, point.mean + point.stdDev)));
  const isLog = lowestMean > 0 && high > WIDE_RANGE * lowestMean;
  const idlest = Math.min(...points.map((point) => point.min));
  return { low: isLog ? Math.max(lowestMean / 4, 0.8 * idlest) : 0, high, isLog };
}

/** mean ± sd, cut off at the lower end of the axis: no server has less than nothing. */
const deviation = ({ mean, stdDev }: StudyPoint, lowest: number): [number, number] => [
  Math.max(lowest, mean - stdDev),
  mean + stdDev,
];

function meanTitle(groups: readonly Group[], labels: readonly string[]): string {
  const spreads = groups
    .map((group, i) => ({ label: labels[i] ?? group.name, cv: meanOf(group.points, (point) => point.cv) }))
    .toSorted((a, b) => b.cv - a.cv);
  const [widest, narrowest] = [spreads[0], spreads.at(-1)];
  if (widest === undefined || narrowest === undefined) return "";
  if (groups.length === 1) return `${widest.label} spreads its load by ±${roundPercent(widest.cv)} around the mean`;
  if (widest.cv < ALIKE * narrowest.cv)
    return `The mean is the same for every policy, and so is the spread: about ±${roundPercent(widest.cv)}`;
  const told = `±${roundPercent(widest.cv)} for ${widest.label} and ±${roundPercent(narrowest.cv)} for ${narrowest.label}`;
  return `The mean is the same for every policy; the spread tells them apart: ${told}`;
}
