import { join } from "node:path";
import type { Context, Flags } from "../context.ts";
import type { FurtherChart } from "../report/further-charts.ts";
import { analyzeTable } from "../report/tables/analyze-table.ts";
import { sendTable } from "../report/tables/send-table.ts";
import type { Run } from "../results/run.ts";
import { loadRun } from "../results/store.ts";
import { askedCharts, chartNames, drawCharts, parseCharts } from "./charts.ts";

/** Shows a saved run again, and draws its charts again. */
export async function run({ args, flags, terminal }: Context): Promise<undefined> {
  const out = flags.text("out") || "reports";
  const saved = await loadRun(out, args[0]);
  const asked = askedAgain(flags, saved);
  const drawn = flags.is("charts") ? await drawCharts(saved, join(out, saved.run), asked) : { paths: [], notes: [] };
  terminal.result(saved, () =>
    saved.kind === "send" ? sendTable(saved.result, terminal) : analyzeTable(saved.result, terminal),
  );
  if (drawn.paths.length > 0) terminal.note(`Drew ${chartNames(drawn.paths)} in ${join(out, saved.run)}.`);
  for (const note of drawn.notes) terminal.note(note);
}

/** The charts that are asked for now, or else those that the study asked for. */
function askedAgain(flags: Flags, saved: Run): FurtherChart[] {
  const now = askedCharts(flags);
  const then = saved.arguments.chart;
  return now.length > 0 || typeof then !== "string" ? now : parseCharts(then);
}
