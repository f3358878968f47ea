import { count, roundPercent } from "../../format.ts";
import { type Group, labelsOf, meanOf } from "../../results/groups.ts";
import type { StudyPoint } from "../../results/run.ts";
import { serverLoads } from "../../results/server-loads.ts";
import { whiskers } from "./chart-marks.ts";
import { chartOptions, colour, logAxis } from "./chart-theme.ts";
import type { ChartConfiguration } from "./renderer.ts";

/** When the highest load is this many times the lowest mean, a linear axis hides the spread at its lower end. */
const WIDE_RANGE = 8;
/** Spreads that differ by less than this factor are called the same. */
const ALIKE = 1.2;

/** The mean load against the number of servers, with its spread: the mean alone is the same whatever the policy. */
export function meanChart(groups: readonly Group[], sizes: readonly number[], what: string): ChartConfiguration {
  const rows = groups.map(({ points }) =>
    sizes.map((size) => points.filter(({ servers }) => servers === size).map(spreadOf)[0]),
  );
  const all = rows.flat().filter((spread) => spread !== undefined);
  const { low, high, isLog } = rangeOf(all);
  const labels = labelsOf(groups);
  const isWeighted = groups.some(({ points }) => points.some(({ weights }) => weights !== undefined));
  const isCut = (spread: Spread | undefined): boolean => spread !== undefined && spread.mean - spread.sd < low;
  const cut = all.some(isCut)
    ? `. A bar that stands on the axis is cut off: its deviation goes below ${count(low)}`
    : "";
  const headings = {
    title: meanTitle(groups, labels),
    subtitle: `${what}. Dot: mean; bar: mean ± standard deviation; thin line: from the idlest to the busiest server${cut}`,
    x: "servers",
    y: `requests a ${isWeighted ? "unit of weight" : "server"}${isLog ? " (log scale)" : ""}`,
  };
  return {
    type: "bar",
    data: {
      labels: sizes.map(String),
      datasets: rows.map((row, i) => ({
        label: labels[i] ?? "",
        data: row.map((spread) => (spread === undefined ? null : deviation(spread, low))),
        backgroundColor: colour(i),
        // An end that is not the bar's own has no round corners.
        borderRadius: row.map((spread) => (isCut(spread) ? { topLeft: 3, topRight: 3 } : 3)),
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
      whiskers(
        rows.map((row) => row.map((spread) => spread && { low: spread.min, middle: spread.mean, high: spread.max })),
      ),
    ],
  };
}

/** The loads of one point, in requests: of a server, or of a unit of weight where weights differ. */
interface Spread {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
}

function spreadOf(point: StudyPoint): Spread {
  const { mean, stdDev: sd, min, max, weights, byWeight, count } = point;
  if (weights === undefined || byWeight === undefined) return { mean, sd, min, max };
  const ratios = serverLoads(point).map(({ ratio }) => ratio);
  const unit = count / Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const [least, most] = [Math.min, Math.max].map((end) => ratios.reduce((a, b) => end(a, b), 1));
  return { mean: unit, sd: byWeight.cv * unit, min: (least ?? 1) * unit, max: (most ?? 1) * unit };
}

/** What the axis has to show. A log axis has no zero: it begins below the idlest server or at a quarter of the lowest mean. */
function rangeOf(spreads: readonly Spread[]): { low: number; high: number; isLog: boolean } {
  const lowestMean = Math.min(...spreads.map(({ mean }) => mean));
  const high = Math.max(...spreads.map(({ max, mean, sd }) => Math.max(max, mean + sd)));
  const isLog = lowestMean > 0 && high > WIDE_RANGE * lowestMean;
  const idlest = Math.min(...spreads.map(({ min }) => min));
  return { low: isLog ? Math.max(lowestMean / 4, 0.8 * idlest) : 0, high, isLog };
}

/** mean ± sd, cut off at the lower end of the axis: no server has less than nothing. */
const deviation = ({ mean, sd }: Spread, lowest: number): [number, number] => [Math.max(lowest, mean - sd), mean + sd];

function meanTitle(groups: readonly Group[], labels: readonly string[]): string {
  const spreads = groups
    .map((group, i) => ({
      label: labels[i] ?? group.name,
      cv: meanOf(group.points, ({ byWeight, cv }) => byWeight?.cv ?? cv),
    }))
    .toSorted((a, b) => b.cv - a.cv);
  const [widest, narrowest] = [spreads[0], spreads.at(-1)];
  if (widest === undefined || narrowest === undefined) return "";
  if (groups.length === 1) return `${widest.label} spreads its load by ±${roundPercent(widest.cv)} around the mean`;
  if (widest.cv < ALIKE * narrowest.cv)
    return `The mean is the same for every policy, and so is the spread: about ±${roundPercent(widest.cv)}`;
  const widths = `±${roundPercent(widest.cv)} for ${widest.label} and ±${roundPercent(narrowest.cv)} for ${narrowest.label}`;
  return `The mean is the same for every policy; the spread tells them apart: ${widths}`;
}
