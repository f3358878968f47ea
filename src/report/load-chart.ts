import { barFigures, levelLine } from "./chart-marks.ts";
import { chartOptions, colour, type Headings, LAYOUT_WITH_MARGIN, lineStyle, logAxis } from "./chart-theme.ts";
import { count, inNaturalOrder, shortNames } from "./format.ts";
import { loadTitle } from "./load-title.ts";
import type { ChartConfiguration } from "./renderer.ts";

/** The load of each server under one policy. */
export interface Load {
  /** The policy, as the legend says it. */
  readonly label: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Beyond these, bars are too thin to read: the loads are drawn as lines from the busiest server to the idlest. */
const MOST_BARS = 40;
const MOST_SERVERS_GROUPED = 7;
const MOST_MARKERS = 20;
/** A peak of more than this many means needs a log axis for the others to be seen. */
const WIDE_RANGE = 10;

type Dataset = ChartConfiguration["data"]["datasets"][number];

/** Requests of each server under each policy, with the even share as a line. All loads are over as many servers. */
export function loadChart(loads: readonly Load[], what: string): ChartConfiguration {
  const servers = Math.max(...loads.map((load) => Object.keys(load.counts).length));
  const requests = Math.max(...loads.map((load) => sum(Object.values(load.counts))));
  const evenShare = requests / Math.max(1, servers);
  const chart = shapeFor(loads, servers)(loads, { title: loadTitle(loads), what });
  const evenLine = levelLine(evenShare, ["even share", count(evenShare)]);
  const options = { ...chart.options, layout: LAYOUT_WITH_MARGIN };
  return { ...chart, options, plugins: [evenLine, ...(chart.plugins ?? [])] };
}

type Shape = (loads: readonly Load[], said: { title: string; what: string }) => ChartConfiguration;

function shapeFor(loads: readonly Load[], servers: number): Shape {
  if (loads.length === 1 && servers <= MOST_BARS) return barsByServer;
  return servers <= MOST_SERVERS_GROUPED ? barsByPolicy : linesByRank;
}

const barsByServer: Shape = ([load], { title, what }) => {
  const names = inNaturalOrder(Object.keys(load?.counts ?? {}));
  return {
    type: "bar",
    data: {
      labels: shortNames(names, 24),
      datasets: [
        { data: names.map((name) => load?.counts[name] ?? 0), backgroundColor: colour(0), maxBarThickness: 120 },
      ],
    },
    options: barOptions({ title, subtitle: what, x: "server", y: "requests a server" }, false),
    plugins: [barFigures(count)],
  };
};

const barsByPolicy: Shape = (loads, { title, what }) => {
  const names = inNaturalOrder([...new Set(loads.flatMap((load) => Object.keys(load.counts)))]);
  const labels = shortNames(names, 24);
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
      { title, subtitle: `${what}; one bar for each server`, x: "policy", y: "requests a server" },
      true,
    ),
    plugins: [barFigures(count)],
  };
};

const linesByRank: Shape = (loads, { title, what }) => {
  const all = loads.flatMap((load) => Object.values(load.counts));
  const mean = sum(all) / all.length;
  const isWide = Math.max(...all) > WIDE_RANGE * mean;
  const lowest = isWide ? mean / WIDE_RANGE : 0;
  const headings = {
    title,
    subtitle: `${what}; servers from the busiest to the idlest`,
    x: "server, by rank",
    y: `requests a server${isWide ? " (log scale)" : ""}`,
  };
  return {
    type: "line",
    data: { datasets: loads.map((load, i) => rankSeries(load, i, lowest)) },
    options: chartOptions("line", headings, {
      x: { type: "linear", min: 1, ticks: { precision: 0 } },
      y: isWide ? logAxis(lowest, count) : { type: "linear", beginAtZero: true },
    }),
  };
};

function rankSeries({ label, counts }: Load, i: number, lowest: number): Dataset {
  const busiestFirst = Object.values(counts).toSorted((a, b) => b - a);
  const everyNth = Math.ceil(busiestFirst.length / MOST_MARKERS);
  return {
    label,
    data: busiestFirst.map((requests, rank) => ({ x: rank + 1, y: Math.max(lowest, requests) })),
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
