import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plural } from "../../format.ts";
import { type Group, groupsOf, labelsOf } from "../../results/groups.ts";
import type { PlacementFigures } from "../../results/placement-figures.ts";
import type { AnalyzeResult, SendResult } from "../../results/run.ts";
import type { Load } from "../../results/server-loads.ts";
import type { FurtherChart } from "../further-charts.ts";
import { cdfChart } from "./cdf-chart.ts";
import { loadChart } from "./load-chart.ts";
import { meanChart } from "./mean-chart.ts";
import { movedByPolicyChart } from "./moved-by-policy-chart.ts";
import { movedChart } from "./moved-chart.ts";
import { type ChartConfiguration, renderPng, type Size } from "./renderer.ts";
import { ringChart } from "./ring-chart.ts";
import { spreadChart } from "./spread-chart.ts";
import { vnodesChart } from "./vnodes-chart.ts";

/** Loads a canvas and Chart.js: import this module only when charts are wanted. */

const SIZE = { width: 1200, height: 720, pixelRatio: 2 };
/** The assignment that many readers come from asks for three servers. */
const USUAL_SERVERS = 3;

/** The charts that were drawn. */
export interface Drawn {
  readonly paths: string[];
  /** Why a chart that was asked for was not: a sentence each. */
  readonly notes: string[];
}

/** Charts by the names of their files; in place of one, null, or a sentence that says why there is none. */
type Charts = Readonly<Record<string, ChartConfiguration | string | null>>;

/**
 * Returns the charts of an analysis, those that are always drawn and those that are asked for; none when nothing was
 * measured.
 */
export function analysisCharts(
  result: AnalyzeResult,
  asked: readonly FurtherChart[],
  { ringOf, vnodeSweeps }: PlacementFigures,
): Charts {
  const groups = groupsOf(result.results);
  const sizes = [...new Set(result.results.map((point) => point.servers))].toSorted((a, b) => a - b);
  if (groups.length === 0) return {};
  const runs = Math.max(1, ...result.results.map((point) => point.runs?.count ?? 1));
  // Counts are of the first run, spread and moves of all.
  const what = `${describe(result)}${runs > 1 ? `, the first of ${runs} runs` : ""}`;
  const overRuns = `${describe(result)}${runs > 1 ? `, mean of ${runs} runs` : ""}`;
  const usual = sizes.includes(USUAL_SERVERS) ? USUAL_SERVERS : (sizes[Math.floor((sizes.length - 1) / 2)] ?? 0);
  const further: Readonly<Record<FurtherChart, () => Charts>> = {
    ring: () => ({ "ring.png": ringChart(groups, usual, what, ringOf) }),
    vnodes: () => ({ "spread-vs-vnodes.png": vnodesChart(vnodeSweeps(result.results, usual)) }),
    moved: () => ({ "moved-by-policy.png": movedByPolicyChart(groups, overRuns) }),
    cdf: () => ({ "load-cdf.png": cdfChart(groups, sizes, what) }),
  };
  return {
    "load-per-server.png": loadChart(loadsAt(groups, usual), `${plural(usual, "server")}, ${what}`),
    "mean-vs-servers.png": meanChart(groups, sizes, what),
    "spread.png": spreadChart(groups, sizes, overRuns),
    "moved.png": movedChart(groups, overRuns),
    ...Object.assign({}, ...asked.map((name) => further[name]())),
  };
}

/** Returns the chart of a burst's load. */
export function burstCharts(result: SendResult): Charts {
  const load = { label: result.policy ?? "The balancer", counts: result.servers };
  return { "load.png": loadChart([load], `${plural(result.count, "request")}, by the servers that responded`) };
}

const loadsAt = (groups: readonly Group[], servers: number): Load[] => {
  const labels = labelsOf(groups);
  return groups.flatMap((group, i) => {
    const point = group.points.find((each) => each.servers === servers);
    return point === undefined ? [] : [{ ...point, label: labels[i] ?? group.name }];
  });
};

/** What the servers were sent, in words. */
function describe({ mode, results, workload }: AnalyzeResult): string {
  const most = results.reduce((max, point) => Math.max(max, point.count), 0);
  if (mode === "live") return `${plural(most, "request")} to a live fleet`;
  if (workload === undefined || workload.kind === "uniform") return plural(most, "simulated key");
  const law = workload.kind === "zipf" ? ` by Zipf's law (exponent ${workload.exponent})` : " of a keys file";
  return `${plural(workload.requests, "request")} from ${plural(workload.keys, "key")}${law}`;
}

/** Draws charts into the folder `dir`, which is made where it is missing; by default 2400 pixels wide. */
export async function renderCharts(charts: Charts, dir: string, size: Size = SIZE): Promise<Drawn> {
  await mkdir(dir, { recursive: true });
  const drawn: Drawn = { paths: [], notes: [] };
  for (const [name, chart] of Object.entries(charts)) {
    if (chart === null) continue;
    if (typeof chart === "string") {
      drawn.notes.push(chart);
      continue;
    }
    const path = join(dir, name);
    await writeFile(path, renderPng(chart, size));
    drawn.paths.push(path);
  }
  return drawn;
}
