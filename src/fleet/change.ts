import { applySpec, runningFleet } from "./client.ts";
import type { FleetSpec } from "./spec.ts";
import type { FleetFolder } from "./state.ts";
import type { FleetStatus } from "./supervisor.ts";

/** Changes a running fleet as `change` says and returns what it is then. A fleet that isn't up is an error. */
export async function changeFleet(
  folder: FleetFolder,
  change: (spec: FleetSpec) => FleetSpec,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<FleetStatus> {
  const { spec } = await runningFleet(folder);
  await applySpec(folder, change(spec), progress, signal);
  return await runningFleet(folder);
}
