import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { count, plural } from "./format.ts";
import { type Group, groupsOf, labelsOf } from "./groups.ts";
import { type Load, loadChart } from "./load-chart.ts";
import { meanChart } from "./mean-chart.ts";
import { movedChart } from "./moved-chart.ts";
import { type ChartConfiguration, renderPng } from "./renderer.ts";
import type { AnalyzeResult, SendResult } from "./run.ts";
import { spreadChart } from "./spread-chart.ts";

/** Loads a canvas and Chart.js: import this module only when charts are wanted. */

const SIZE = { width: 1200, height: 720 };
/** The assignment that many readers come from asks for three servers. */
const USUAL_SERVERS = 3;

/** Draws the charts of an analysis into `dir` and returns their paths; none when nothing was measured. */
export async function renderCharts(result: AnalyzeResult, dir: string): Promise<string[]> {
  const groups = groupsOf(result.results);
  const sizes = [...new Set(result.results.map((point) => point.servers))].toSorted((a, b) => a - b);
  if (groups.length === 0) return [];
  const what = describe(result);
  const usual = sizes.includes(USUAL_SERVERS) ? USUAL_SERVERS : (sizes[Math.floor((sizes.length - 1) / 2)] ?? 0);
  return draw(dir, {
    "load-per-server.png": loadChart(loadsAt(groups, usual), `${plural(usual, "server")}, ${what}`),
    "mean-vs-servers.png": meanChart(groups, sizes, what),
    "spread.png": spreadChart(groups, sizes, what),
    "moved.png": movedChart(groups, what),
  });
}

/** Draws the load of a burst into `dir` and returns the path. */
export async function renderSendChart(result: SendResult, dir: string): Promise<string[]> {
  const load = { label: result.policy ?? "The balancer", counts: result.servers };
  return draw(dir, {
    "load.png": loadChart([load], `${plural(result.count, "request")}, as the servers answered them`),
  });
}

const loadsAt = (groups: readonly Group[], servers: number): Load[] => {
  const labels = labelsOf(groups);
  return groups.flatMap((group, i) => {
    const point = group.points.find((each) => each.servers === servers);
    return point === undefined ? [] : [{ label: labels[i] ?? group.name, counts: point.counts }];
  });
};

function describe({ mode, results }: AnalyzeResult): string {
  const most = Math.max(...results.map((point) => point.count));
  return `${count(most)} ${mode === "live" ? "requests to a live fleet" : "simulated keys"}`;
}

async function draw(dir: string, charts: Readonly<Record<string, ChartConfiguration | null>>): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const paths: string[] = [];
  for (const [name, chart] of Object.entries(charts)) {
    if (chart === null) continue;
    const path = join(dir, name);
    await writeFile(path, renderPng(chart, SIZE));
    paths.push(path);
  }
  return paths;
}
