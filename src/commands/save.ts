import { join } from "node:path";
import type { Context } from "../context.ts";
import { version } from "../package-root.ts";
import { type AnalyzeResult, type Run, type SendResult, thisMachine } from "../results/run.ts";
import { saveRun } from "../results/store.ts";
import type { PolicyVariant } from "../study/point.ts";
import { askedCharts, chartNames, drawCharts } from "./charts.ts";

type Finished = { kind: "send"; result: SendResult } | { kind: "analyze"; result: AnalyzeResult };

/** Saves a run, then draws its charts from what was saved; returns what there is to say: where they are, and why one is missing. */
export async function saveAndDraw(
  context: Context,
  out: string,
  startedAt: Date,
  finished: Finished,
  variants: readonly PolicyVariant[] = [],
): Promise<string> {
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
  const wanted = flags.is("charts") && (run.kind === "analyze" || run.result.ok > 0);
  const drawn = wanted
    ? await drawCharts(run, join(out, run.run), askedCharts(flags), variants)
    : { paths: [], notes: [] };
  if (run.kind === "analyze") {
    run.result.charts.push(...drawn.paths);
    await saveRun(out, run);
  }
  const saved = `Saved ${join(out, run.run)}${drawn.paths.length > 0 ? ` with ${chartNames(drawn.paths)}` : ""}.`;
  return [saved, ...drawn.notes].join("\n");
}
