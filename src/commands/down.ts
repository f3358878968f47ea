import type { Context } from "../context.ts";
import { removeFleet } from "../fleet/client.ts";
import { fleetFolder, listFleets } from "../fleet/state.ts";

/** Takes one fleet down, or all of them; one that isn't up is fine. */
export async function run({ terminal, flags, fleet }: Context): Promise<undefined> {
  const fleets = flags.is("all") ? await listFleets() : [fleet];
  if (flags.is("dry-run")) {
    terminal.result(
      { schemaVersion: 1, dryRun: true, fleets },
      () => `would take down: ${fleets.join(", ") || "nothing"}`,
    );
    return;
  }
  const removed: string[] = [];
  const progress = await terminal.progress("taking down");
  try {
    for (const name of fleets) {
      progress.update(`taking down ${name}`);
      if (await removeFleet(fleetFolder(name))) removed.push(name);
    }
    progress.done(
      removed.length > 0 ? `Down: ${removed.join(", ")}. Nothing is left.` : "There was nothing to take down.",
    );
  } finally {
    progress.clear();
  }
  if (terminal.json) terminal.result({ schemaVersion: 1, removed }, () => "");
}
