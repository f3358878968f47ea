import type { Context } from "../context.ts";
import { experiment, runningFleet } from "../fleet/client.ts";
import type { Experiment } from "../fleet/driver.ts";
import { findServer } from "../fleet/spec.ts";
import { fleetFolder } from "../fleet/state.ts";

/** What kill and pause have in common: does it to the instance that the argument names, and says so. */
export async function runExperiment(
  context: Context,
  what: Experiment,
  said: (name: string) => string,
): Promise<undefined> {
  const name = context.args[0] ?? "";
  const folder = fleetFolder(context.fleet);
  const { spec } = await runningFleet(folder);
  if (name !== "balancer") findServer(spec, name);
  await experiment(folder, name, what);
  context.terminal.result({ schemaVersion: 1, name, done: what }, () => said(name));
}
