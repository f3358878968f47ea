import type { Control } from "./control.ts";
import type { Driver } from "./driver.ts";
import { respondsOk, untilHealthy } from "./health.ts";
import { pushSpec } from "./push-spec.ts";
import { type FleetSpec, reachable } from "./spec.ts";

/** A change of a fleet that is to be made. */
export interface Change {
  readonly driver: Driver;
  readonly control: Control;
  /** What the fleet is; null for one that is not there yet. */
  readonly before: FleetSpec | null;
  readonly next: FleetSpec;
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes a fleet what it should be. Servers that go leave the balancer before they stop; those that come join it once
 * they respond. Only what was started is waited for: a server that is frozen must not keep the others from changing.
 */
export async function reconcile(change: Change): Promise<void> {
  const { driver, next, progress } = change;
  await removeServers(change);
  progress("starting what is missing");
  const started = await driver.converge(next);
  await waitForServers(change, started);
  progress("waiting for the balancer");
  await waitForBalancer(change, new Set(started));
}

async function removeServers({ driver, control, before, next }: Change): Promise<void> {
  if (!before) return;
  const kept = before.servers.filter((old) => next.servers.some((one) => one.name === old.name));
  // A balancer that doesn't respond forwards nothing; it gets the whole spec once it is back.
  if (kept.length < before.servers.length)
    await pushSpec(driver, control, { ...before, servers: kept }).catch(() => {});
}

async function waitForServers({ driver, next, progress, signal }: Change, started: readonly string[]): Promise<void> {
  for (const { name, port } of next.servers.filter((server) => started.includes(server.name))) {
    progress(`waiting for ${name}`);
    await untilHealthy(driver, name, signal, () => respondsOk(`http://${reachable(next.bind)}:${port}/heartbeat`));
  }
}

async function waitForBalancer({ driver, control, next, signal }: Change, started: ReadonlySet<string>): Promise<void> {
  await untilHealthy(driver, "balancer", signal, async () => (await control.status().catch(() => null)) !== null);
  await pushSpec(driver, control, next);
  await untilHealthy(driver, "balancer", signal, async () =>
    (await control.status()).servers.every((server) => server.state !== "down" || !started.has(server.name)),
  );
}
