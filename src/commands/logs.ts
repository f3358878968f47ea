import type { Context } from "../context.ts";
import { runningFleet } from "../fleet/client.ts";
import { drivers } from "../fleet/drivers/index.ts";
import { followFiles } from "../fleet/log-files.ts";
import { fleetFolder } from "../fleet/state.ts";

/** Copies the logs of a fleet to stdout. */
export async function run({ args, flags, fleet, signal, terminal }: Context): Promise<undefined> {
  const folder = fleetFolder(fleet);
  const { spec } = await runningFleet(folder);
  const name = args[0];
  const options = {
    lines: flags.whole("lines", 0, 1_000_000) ?? 50,
    follow: flags.is("follow"),
    signal,
    write: terminal.write,
  };
  if (name === "supervisor") await followFiles(folder.logs, name, options);
  else await drivers[spec.driver].create(folder).logs(name, options);
}
