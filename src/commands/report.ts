import { join } from "node:path";
import type { Context } from "../context.ts";
import { analyzeTable } from "../report/analyze-table.ts";
import { sendTable } from "../report/send-table.ts";
import { loadRun } from "../report/store.ts";
import { chartNames, drawCharts } from "./save.ts";

/** Shows a saved run again, and draws its charts again. */
export async function run({ args, flags, terminal }: Context): Promise<undefined> {
  const out = flags.text("out") || "reports";
  const saved = await loadRun(out, args[0]);
  const drawn = flags.is("charts") ? await drawCharts(saved, join(out, saved.run)) : [];
  terminal.result(saved, () =>
    saved.kind === "send" ? sendTable(saved.result, terminal) : analyzeTable(saved.result, terminal),
  );
  if (drawn.length > 0) terminal.note(`Drew ${chartNames(drawn)} in ${join(out, saved.run)}.`);
}
