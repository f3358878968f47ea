import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import { type ExitCode as Code, ExitCode } from "../errors.ts";
import { runningFleet } from "../fleet/client.ts";
import { type ClusterStatus, connectControl } from "../fleet/control.ts";
import type { FleetSpec } from "../fleet/spec.ts";
import { type FleetFolder, fleetFolder, readToken } from "../fleet/state.ts";
import type { FleetStatus } from "../fleet/supervisor.ts";
import { statusTable } from "../report/tables/status-table.ts";

/** Shows a fleet, once or every second. Exits with 1 when nobody looks after it. */
export async function run(context: Context): Promise<Code | undefined> {
  const folder = fleetFolder(context.fleet);
  do {
    const status = await runningFleet(folder);
    if (context.flags.is("watch") && context.terminal.interactive) context.terminal.write("\x1b[H\x1b[2J");
    await showStatus(context, folder, status);
    if (!context.flags.is("watch")) return status.supervisor === null ? ExitCode.failed : undefined;
    await sleep(1_000, undefined, { signal: context.signal }).catch(() => {});
  } while (!context.signal.aborted);
  return undefined;
}

/** Writes what is known of a fleet: as its supervisor has it, with the balancer's own counts. */
export async function showStatus({ terminal }: Context, folder: FleetFolder, status: FleetStatus): Promise<void> {
  const view = await clusterStatus(folder, status.spec);
  const servers = status.spec.servers.map((server) => {
    const seen = view?.servers.find(({ name }) => name === server.name);
    const instance = status.instances.find(({ name }) => name === server.name);
    return {
      name: server.name,
      address: `${status.spec.bind}:${server.port}`,
      weight: server.weight,
      state: !instance?.running ? "ended" : (seen?.state ?? "unknown"),
      id: instance?.id ?? null,
      requests: seen?.requests ?? null,
      inFlight: seen?.inFlight ?? null,
      failures: seen?.failures ?? null,
    };
  });
  const { spec, fleet, createdAt, supervisor, replaced } = status;
  const { driver, bind, port } = spec;
  // The balancer knows best: its control API may have been used since.
  const { policy, hash, key } = view ?? spec;
  const id = status.instances.find((instance) => instance.name === "balancer")?.id ?? null;
  const balancer = { address: `${bind}:${port}`, answers: view !== null, id };
  const value = {
    schemaVersion: 1,
    fleet,
    createdAt,
    driver,
    supervisor,
    replaced,
    policy,
    hash,
    key,
    balancer,
    servers,
  };
  terminal.result(value, () => statusTable(value, terminal));
}

async function clusterStatus(folder: FleetFolder, spec: FleetSpec): Promise<ClusterStatus | null> {
  await using control = connectControl(spec, await readToken(folder));
  return await control.status().catch(() => null);
}
