import type { Context } from "../context.ts";
import { changeFleet, runningFleet } from "../fleet/client.ts";
import { drivers } from "../fleet/drivers/index.ts";
import type { FleetSpec } from "../fleet/spec.ts";
import { fleetFolder } from "../fleet/state.ts";
import { showStatus } from "./status.ts";

/** What scale, add, rm, drain and policy have in common: changes the running fleet, says so, and shows it. */
export async function change(context: Context, to: (spec: FleetSpec) => FleetSpec, said: string): Promise<undefined> {
  const { terminal, flags, signal } = context;
  const folder = fleetFolder(context.fleet);
  const { spec } = await runningFleet(folder);
  const wanted = to(spec);
  if (flags.is("dry-run")) {
    const plan = drivers[spec.driver].create(folder).plan(wanted);
    terminal.result({ schemaVersion: 1, dryRun: true, spec: wanted, plan }, () => plan.join("\n"));
    return;
  }
  const progress = await terminal.progress("changing the fleet");
  try {
    const status = await changeFleet(folder, (now) => to(now ?? spec), progress.update, signal);
    progress.done(said);
    await showStatus(context, folder, status);
  } finally {
    progress.clear();
  }
}
