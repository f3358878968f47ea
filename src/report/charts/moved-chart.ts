import { percent, roundPercent } from "../../format.ts";
import { type Group, labelsOf } from "../../results/groups.ts";
import { barFigures, categoryLevels } from "./chart-marks.ts";
import { chartOptions, colour } from "./chart-theme.ts";
import { movedTitle } from "./moved-title.ts";
import type { ChartConfiguration } from "./renderer.ts";
import { nameOf, stepsOf } from "./steps.ts";

/** The share of the keys that moved at each step, beside the least that an even placement moves. Null without a step. */
export function movedChart(groups: readonly Group[], what: string): ChartConfiguration | null {
  const stepping = groups.filter((group) => stepsOf(group).length > 0);
  const steps = [...new Map(stepping.flatMap(stepsOf).map((step) => [nameOf(step), step])).values()].toSorted(
    (a, b) => a.to - b.to,
  );
  if (steps.length === 0) return null;
  const labels = labelsOf(groups);
  const most = Math.max(...stepping.flatMap(stepsOf).map((step) => Math.max(step.fraction, step.ideal)));
  return {
    type: "bar",
    data: {
      labels: steps.map(nameOf),
      datasets: stepping.map((group) => ({
        label: labels[groups.indexOf(group)] ?? group.name,
        data: steps.map((step) => stepsOf(group).find((own) => nameOf(own) === nameOf(step))?.fraction ?? null),
        backgroundColor: colour(groups.indexOf(group)),
        maxBarThickness: 70,
      })),
    },
    options: chartOptions(
      "bar",
      {
        title: movedTitle(
          stepping.map((group) => ({ label: labels[groups.indexOf(group)] ?? group.name, steps: stepsOf(group) })),
        ),
        subtitle: `${what}. Dashed: the least that an even placement has to move`,
        x: "servers, before → after",
        y: "keys that changed their server",
      },
      {
        x: { type: "category", grid: { display: false } },
        y: {
          type: "linear",
          min: 0,
          suggestedMax: Math.min(1, most * 1.08),
          ticks: { callback: (value) => roundPercent(Number(value)) },
        },
      },
    ),
    plugins: [categoryLevels(steps.map((step) => step.ideal)), barFigures(percent)],
  };
}
