import { count, inNaturalOrder, shortNames } from "../../format.ts";
import { type Load, serverLoads } from "../../results/server-loads.ts";
import { barFigures, barLevels, levelLine } from "./chart-marks.ts";
import { chartOptions, colour, type Headings, LAYOUT_WITH_MARGIN, lineStyle, logAxis } from "./chart-theme.ts";
import { loadTitle } from "./load-title.ts";
import type { ChartConfiguration, Plugin } from "./renderer.ts";

/** Beyond these, bars are too thin to read: the loads are drawn as lines from the busiest server to the idlest. */
const MAX_BARS = 40;
const MAX_SERVERS_GROUPED = 7;
const MAX_MARKERS = 20;
/** A peak of more than this many means needs a log axis for the others to be seen. */
const WIDE_RANGE = 10;

type Dataset = ChartConfiguration["data"]["datasets"][number];

/**
 * Requests of each server under each policy, with the even share as a line, or each server's own share where weights
 * differ. All loads are over as many servers.
 */
export function loadChart(loads: readonly Load[], what: string): ChartConfiguration {
  const servers = Math.max(...loads.map((load) => Object.keys(load.counts).length));
  const requests = Math.max(...loads.map((load) => sum(Object.values(load.counts))));
  const evenShare = requests / Math.max(1, servers);
  const shape = shapeFor(loads, servers);
  const chart = shape(loads, { title: loadTitle(loads), what });
  if (hasWeights(loads) && shape !== linesByRank) return chart;
  const line = hasWeights(loads) ? levelLine(1, ["its share"]) : levelLine(evenShare, ["even share", count(evenShare)]);
  return {
    ...chart,
    options: { ...chart.options, layout: LAYOUT_WITH_MARGIN },
    plugins: [line, ...(chart.plugins ?? [])],
  };
}

const hasWeights = (loads: readonly Load[]): boolean => loads.some(({ weights }) => weights !== undefined);

type Shape = (loads: readonly Load[], said: { title: string; what: string }) => ChartConfiguration;

function shapeFor(loads: readonly Load[], servers: number): Shape {
  if (loads.length === 1 && servers <= MAX_BARS) return barsByServer;
  return servers <= MAX_SERVERS_GROUPED ? barsByPolicy : linesByRank;
}

const barsByServer: Shape = (loads, { title, what }) => {
  const [load] = loads;
  const names = inNaturalOrder(Object.keys(load?.counts ?? {}));
  const shares = fairCounts(loads)[0];
  return {
    type: "bar",
    data: {
      labels: shortNames(names, 24),
      datasets: [
        { data: names.map((name) => load?.counts[name] ?? 0), backgroundColor: colour(0), maxBarThickness: 120 },
      ],
    },
    options: barOptions(
      { title, subtitle: [what, ...sharesNote(loads)].join("; "), x: "server", y: "requests a server" },
      false,
    ),
    plugins: [...fairLevels(loads, [names.map((name) => shares?.get(name) ?? 0)]), barFigures(count)],
  };
};

const barsByPolicy: Shape = (loads, { title, what }) => {
  const names = inNaturalOrder([...new Set(loads.flatMap((load) => Object.keys(load.counts)))]);
  const labels = shortNames(names, 24);
  const shares = fairCounts(loads);
  return {
    type: "bar",
    data: {
      labels: loads.map((load) => load.label),
      datasets: names.map((name, i) => ({
        label: labels[i] ?? name,
        data: loads.map((load) => load.counts[name] ?? 0),
        backgroundColor: colour(i),
        maxBarThickness: 90,
      })),
    },
    options: barOptions(
      {
        title,
        subtitle: [what, "one bar for each server", ...sharesNote(loads)].join("; "),
        x: "policy",
        y: "requests a server",
      },
      true,
    ),
    plugins: [
      ...fairLevels(
        loads,
        names.map((name) => shares.map((own) => own.get(name) ?? 0)),
      ),
      barFigures(count),
    ],
  };
};

/** For each load, the requests that each server should have by its weight. */
const fairCounts = (loads: readonly Load[]): ReadonlyMap<string, number>[] =>
  loads.map((load) => {
    const total = sum(Object.values(load.counts));
    return new Map(serverLoads(load).map(({ name, fair }) => [name, fair * total]));
  });

const fairLevels = (loads: readonly Load[], rows: readonly (readonly number[])[]): Plugin[] =>
  hasWeights(loads) ? [barLevels(rows)] : [];

const sharesNote = (loads: readonly Load[]): string[] =>
  hasWeights(loads) ? ["dashed: each server's share by weight"] : [];

const linesByRank: Shape = (loads, { title, what }) => {
  const isWeighted = hasWeights(loads);
  const rows = loads.map((load) =>
    isWeighted ? serverLoads(load).map(({ ratio }) => ratio) : Object.values(load.counts),
  );
  const all = rows.flat();
  const mean = isWeighted ? 1 : sum(all) / all.length;
  const isWide = all.reduce((most, value) => Math.max(most, value), 0) > WIDE_RANGE * mean;
  const lowest = isWide ? mean / WIDE_RANGE : 0;
  const headings = {
    title,
    subtitle: `${what}; servers from the busiest to the idlest`,
    x: "server, by rank",
    y: `${isWeighted ? "load of a server ÷ share by weight" : "requests a server"}${isWide ? " (log scale)" : ""}`,
  };
  return {
    type: "line",
    data: { datasets: rows.map((row, i) => rankSeries(loads[i]?.label ?? "", row, i, lowest)) },
    options: chartOptions("line", headings, {
      x: { type: "linear", min: 1, ticks: { precision: 0 } },
      y: isWide ? logAxis(lowest, isWeighted ? String : count) : { type: "linear", beginAtZero: true },
    }),
  };
};

function rankSeries(label: string, values: readonly number[], i: number, lowest: number): Dataset {
  const busiestFirst = values.toSorted((a, b) => b - a);
  const everyNth = Math.ceil(busiestFirst.length / MAX_MARKERS);
  return {
    label,
    data: busiestFirst.map((value, rank) => ({ x: rank + 1, y: Math.max(lowest, value) })),
    ...lineStyle(i),
    pointRadius: ({ dataIndex }: { dataIndex: number }) => (dataIndex % everyNth === 0 ? 6 : 0),
  };
}

function barOptions(headings: Headings, hasLegend: boolean): NonNullable<ChartConfiguration["options"]> {
  const options = chartOptions("bar", headings, {
    x: { type: "category", grid: { display: false } },
    y: { beginAtZero: true, grace: "8%" },
  });
  return hasLegend ? options : { ...options, plugins: { ...options.plugins, legend: { display: false } } };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
