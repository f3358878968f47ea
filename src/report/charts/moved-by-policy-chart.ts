import { count, listed, percent, roundPercent } from "../../format.ts";
import { type Group, labelsOf } from "../../results/groups.ts";
import { rowMarks } from "./chart-marks.ts";
import { chartOptions, colour } from "./chart-theme.ts";
import { movedTitle } from "./moved-title.ts";
import type { ChartConfiguration } from "./renderer.ts";
import { nameOf, type Step, stepsOf } from "./steps.ts";

/** More rows than this can't be read: those in the middle are left out. */
const MAX_ROWS = 24;
/** Up to this many steps are named. */
const MAX_STEPS = 5;

/** One policy and hash: means over its steps, as fractions of all keys. */
interface Row {
  readonly label: string;
  readonly steps: readonly Step[];
  readonly moved: number;
  readonly least: number;
}

/** The share of the keys that each policy moves at a step, policies one below the other. A sentence without a step. */
export function movedByPolicyChart(groups: readonly Group[], what: string): ChartConfiguration | string {
  const labels = labelsOf(groups);
  const all = groups
    .map((group, i) => rowOf(labels[i] ?? group.name, stepsOf(group)))
    .filter(({ steps }) => steps.length > 0)
    .toSorted((a, b) => a.moved - b.moved);
  if (all.length === 0) return "Nothing moved that could be drawn by policy: study two numbers of servers or more.";
  const rows = all.length <= MAX_ROWS ? all : [...all.slice(0, MAX_ROWS / 2), ...all.slice(-MAX_ROWS / 2)];
  const few = rows.length < all.length ? [`The ${rows.length} that move least and most of ${all.length}`] : [];
  const headings = {
    title: movedTitle(all),
    subtitle: [what, meanOver(all), "Dashed: the least that an even placement has to move", ...few].join(". "),
    x: "keys that changed their server",
    y: "",
  };
  const most = Math.max(...rows.map(({ moved, least }) => Math.max(moved, least)));
  return {
    type: "bar",
    data: {
      labels: rows.map(({ label }) => label),
      datasets: [
        {
          label: "up to the least possible",
          data: rows.map(({ moved, least }) => Math.min(moved, least)),
          backgroundColor: colour(0),
        },
        {
          label: "more than that",
          data: rows.map(({ moved, least }) => Math.max(0, moved - least)),
          backgroundColor: colour(1),
        },
      ].map((dataset) => ({ ...dataset, maxBarThickness: 56 })),
    },
    options: {
      ...chartOptions("bar", headings, {
        x: {
          type: "linear",
          stacked: true,
          min: 0,
          // Room for the figure at the end of the longest bar.
          suggestedMax: most * 1.1,
          ticks: { callback: (value) => roundPercent(Number(value)) },
        },
        y: { type: "category", stacked: true, grid: { display: false }, ticks: { autoSkip: false } },
      }),
      indexAxis: "y",
    },
    plugins: [rowMarks(rows.map(({ moved, least }) => ({ end: moved, level: least, text: percent(moved) })))],
  };
}

function rowOf(label: string, steps: readonly Step[]): Row {
  const mean = (figure: (step: Step) => number) =>
    steps.reduce((total, step) => total + figure(step), 0) / steps.length;
  return { label, steps, moved: mean(({ fraction }) => fraction), least: mean(({ ideal }) => ideal) };
}

function meanOver(rows: readonly Row[]): string {
  const steps = [...new Map(rows.flatMap((row) => row.steps).map((step) => [nameOf(step), step])).values()];
  const sorted = steps.toSorted((a, b) => a.to - b.to);
  if (sorted.length === 1) return `Servers: ${nameOf(sorted[0] as Step)}`;
  if (sorted.length <= MAX_STEPS) return `Mean over the steps ${listed(sorted.map(nameOf))} servers`;
  return `Mean over ${sorted.length} steps from ${sorted[0]?.from} to ${count(sorted.at(-1)?.to ?? 0)} servers`;
}
