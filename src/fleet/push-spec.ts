import type { ClusterStatus, Control } from "./control.ts";
import type { Driver } from "./driver.ts";
import type { FleetSpec } from "./spec.ts";

interface Member {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
}

/** Sends the balancer what differs from what it has: placement, members, and which servers are drained. */
export async function pushSpec(driver: Driver, control: Control, want: FleetSpec): Promise<void> {
  const have = await control.status();
  if (have.policy !== want.policy || have.hash !== want.hash || have.key !== want.key) await control.setPolicy(want);
  if (!sameMembers(have.servers, members(driver, want))) await control.setServers(members(driver, want));
  for (const { name, drained } of want.servers)
    if (isDrained(have, name) !== drained) await control.setDrained(name, drained);
}

/**
 * The fleet with what was changed through the balancer's control API (placement and drains); null when the balancer's
 * members differ from the spec's, as after its restart: then the spec has to be pushed, not adopted.
 */
export async function adoptedFrom(control: Control, driver: Driver, spec: FleetSpec): Promise<FleetSpec | null> {
  const status = await control.status();
  if (!sameMembers(status.servers, members(driver, spec))) return null;
  const { policy, hash, key } = status;
  const same = policy === spec.policy && hash === spec.hash;
  const servers = spec.servers.map((server) => ({ ...server, drained: isDrained(status, server.name) }));
  return { ...spec, policy, hash, modules: same ? spec.modules : await control.modules(), key, servers };
}

const members = (driver: Driver, spec: FleetSpec): Member[] =>
  spec.servers.map((one) => ({ name: one.name, address: driver.upstream(spec, one), weight: one.weight }));

const isDrained = (status: ClusterStatus, name: string): boolean =>
  status.servers.find((one) => one.name === name)?.state === "draining";

const sameMembers = (have: readonly Member[], want: readonly Member[]): boolean => asText(have) === asText(want);

const asText = (servers: readonly Member[]): string =>
  servers
    .map(({ name, address, weight }) => `${name}=${address}*${weight}`)
    .sort()
    .join();
