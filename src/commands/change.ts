import type { Context } from "../context.ts";
import { changeFleet } from "../fleet/change.ts";
import type { FleetSpec } from "../fleet/spec.ts";
import { fleetFolder } from "../fleet/state.ts";
import { showStatus } from "./status.ts";

/** What scale, add, rm, drain and policy have in common: changes the running fleet, says so, and shows it. */
export async function change(context: Context, to: (spec: FleetSpec) => FleetSpec, said: string): Promise<undefined> {
  const folder = fleetFolder(context.fleet);
  const progress = await context.terminal.progress("changing the fleet");
  try {
    const status = await changeFleet(folder, to, progress.update, context.signal);
    progress.done(said);
    await showStatus(context, folder, status);
  } finally {
    progress.clear();
  }
}
