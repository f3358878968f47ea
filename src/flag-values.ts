import { hashes, policies } from "./placement/index.ts";
import { furtherCharts } from "./report/further-charts.ts";

/** What a shell completes after a flag; of a list, after each comma. */
export const flagValues: Readonly<Record<string, readonly string[]>> = {
  "--policy": Object.keys(policies),
  "--hash": Object.keys(hashes),
  "--chart": [...Object.keys(furtherCharts), "all"],
  "--driver": ["process", "compose", "auto"],
};
