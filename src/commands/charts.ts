import type { Flags } from "../context.ts";
import { usageError } from "../errors.ts";
import { suggest } from "../placement/nearest.ts";
import type { Drawn } from "../report/charts/charts.ts";
import { type FurtherChart, furtherCharts } from "../report/further-charts.ts";
import type { Run } from "../results/run.ts";
import { chartFigures } from "../study/chart-figures.ts";
import type { PolicyVariant } from "../study/point.ts";

const names = Object.keys(furtherCharts) as FurtherChart[];
const ALL = "all";

/** The charts that `--chart` asks for beside those that are always drawn; an unknown name is a usage error. */
export function askedCharts(flags: Flags): FurtherChart[] {
  const text = flags.text("chart");
  if (text === undefined) return [];
  if (!flags.is("charts")) throw usageError("--chart asks for charts and --no-charts for none: leave one of them out.");
  return parseCharts(text);
}

/** Parses a list of names, or `all`, each name once and in the order of the table. */
export function parseCharts(text: string): FurtherChart[] {
  const asked = new Set(text.split(",").map((name) => name.trim()));
  for (const name of asked)
    if (name !== ALL && !Object.hasOwn(furtherCharts, name))
      throw usageError(`There is no chart ${JSON.stringify(name)}: ${suggest(name, [...names, ALL])}.`);
  return names.filter((name) => asked.has(ALL) || asked.has(name));
}

/**
 * Draws the charts of a saved run into a folder. What draws is loaded here only: it is heavy. `variants` are the run's own,
 * where they are at hand: the rings of a user's own modules can be drawn only then.
 */
export async function drawCharts(
  run: Run,
  folder: string,
  asked: readonly FurtherChart[],
  variants: readonly PolicyVariant[] = [],
): Promise<Drawn> {
  const { analysisCharts, burstCharts, renderCharts } = await import("../report/charts/charts.ts");
  if (run.kind === "analyze") return renderCharts(analysisCharts(run.result, asked, chartFigures(variants)), folder);
  const { paths } = await renderCharts(burstCharts(run.result), folder);
  return { paths, notes: asked.length > 0 ? ["--chart adds to the charts of a study; this run is a burst."] : [] };
}

/** The names of charts without their folder. */
export const chartNames = (paths: readonly string[]): string =>
  paths.map((path) => path.slice(path.lastIndexOf("/") + 1)).join(", ");
