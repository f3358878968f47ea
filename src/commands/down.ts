import type { Context } from "../context.ts";
import { removeFleet } from "../fleet/client.ts";
import { fleetFolder, listFleets } from "../fleet/state.ts";

/** Takes one fleet down, or all of them; one that isn't up is fine. */
export async function run({ terminal, flags, fleet }: Context): Promise<undefined> {
  const there = await listFleets();
  const fleets = flags.is("all") ? there : [fleetFolder(fleet).fleet];
  if (flags.is("dry-run")) {
    const present = fleets.filter((name) => there.includes(name));
    terminal.result(
      { schemaVersion: 1, dryRun: true, fleets: present },
      () => `would take down: ${present.join(", ") || "nothing"}`,
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
