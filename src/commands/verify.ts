import { setImmediate } from "node:timers/promises";
import type { Context } from "../context.ts";
import { type ExitCode as Code, ExitCode } from "../errors.ts";
import { type VerifiedFigure, verifyTable } from "../report/tables/verify-table.ts";
import { figures } from "../verify/figures/index.ts";

/** Measures every published figure anew; fails when one does not hold. */
export async function run({ terminal }: Context): Promise<Code | undefined> {
  const progress = await terminal.progress("verifying");
  const verified: VerifiedFigure[] = [];
  try {
    for (const { what, source, expected, run } of figures) {
      progress.update(`${verified.length + 1} of ${figures.length}: ${what}`);
      // Lets the progress line and Ctrl-C in between.
      await setImmediate();
      verified.push({ what, source, expected, ...run() });
    }
  } finally {
    progress.clear();
  }
  const ok = verified.every((figure) => figure.ok);
  terminal.result({ schemaVersion: 1, ok, figures: verified }, () => verifyTable(verified, terminal));
  return ok ? undefined : ExitCode.failed;
}
