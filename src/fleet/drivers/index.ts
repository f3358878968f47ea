import type { CreateDriver } from "../driver.ts";
import type { FleetSpec } from "../spec.ts";
import { composeDriver } from "./compose.ts";
import { processDriver } from "./process.ts";

/** Every way to run a fleet. */
export const drivers = {
  process: { summary: "child processes on loopback; needs nothing but Node", create: processDriver },
  compose: { summary: "containers on a private network; needs Docker Engine and Compose v2", create: composeDriver },
} satisfies Record<FleetSpec["driver"], { summary: string; create: CreateDriver }>;

export type DriverName = keyof typeof drivers;
