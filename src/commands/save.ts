import { join } from "node:path";
import type { Context } from "../context.ts";
import { version } from "../package-root.ts";
import { type AnalyzeResult, type Run, type SendResult, thisMachine } from "../report/run.ts";
import { saveRun } from "../report/store.ts";

type Finished = { kind: "send"; result: SendResult } | { kind: "analyze"; result: AnalyzeResult };

/** Saves a run, then draws its charts from what was saved; returns a sentence that says where they are. */
export async function saveAndDraw(context: Context, out: string, startedAt: Date, finished: Finished): Promise<string> {
  const { flags, args } = context;
  const run: Run = {
    schemaVersion: 1,
    run: finished.result.run,
    startedAt: startedAt.toISOString(),
    versions: { lbctl: version, node: process.version },
    machine: thisMachine(),
    arguments: { ...flags.all, args },
    ...finished,
  };
  await saveRun(out, run);
  const drawn =
    flags.is("charts") && (run.kind === "analyze" || run.result.ok > 0)
      ? await drawCharts(run, join(out, run.run))
      : [];
  if (run.kind === "analyze") {
    run.result.charts.push(...drawn);
    await saveRun(out, run);
  }
  return `Saved ${join(out, run.run)}${drawn.length > 0 ? ` with ${chartNames(drawn)}` : ""}.`;
}

/** Draws the charts of a saved run into a folder. Charts are loaded here only: they are heavy. */
export async function drawCharts(run: Run, folder: string): Promise<string[]> {
  const { renderCharts, renderSendChart } = await import("../report/charts.ts");
  return run.kind === "analyze" ? await renderCharts(run.result, folder) : await renderSendChart(run.result, folder);
}

/** The names of charts without their folder. */
export const chartNames = (paths: readonly string[]): string =>
  paths.map((path) => path.slice(path.lastIndexOf("/") + 1)).join(", ");
