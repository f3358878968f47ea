import type { BalancerView, Control } from "./control.ts";
import type { Driver } from "./driver.ts";
import type { FleetSpec } from "./spec.ts";

interface Member {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
}

/** Tells the balancer what differs from what it has: placement, membership, and who is drained. */
export async function pushSpec(driver: Driver, to: Control, want: FleetSpec): Promise<void> {
  const have = await to.view();
  if (have.policy !== want.policy || have.hash !== want.hash || have.key !== want.key) await to.setPolicy(want);
  if (!sameMembers(have.servers, members(driver, want))) await to.setServers(members(driver, want));
  for (const { name, drained } of want.servers)
    if (isDrained(have, name) !== drained) await to.setDrained(name, drained);
}

/**
 * The fleet with what was changed through the balancer's control API (placement and drains); null when the balancer's
 * members are others than they should be, as after it was started again: then it has to be told, not heard.
 */
export async function adoptedFrom(control: Control, driver: Driver, spec: FleetSpec): Promise<FleetSpec | null> {
  const view = await control.view();
  if (!sameMembers(view.servers, members(driver, spec))) return null;
  const { policy, hash, key } = view;
  const same = policy === spec.policy && hash === spec.hash;
  const servers = spec.servers.map((server) => ({ ...server, drained: isDrained(view, server.name) }));
  return { ...spec, policy, hash, modules: same ? spec.modules : await control.modules(), key, servers };
}

const members = (driver: Driver, spec: FleetSpec): Member[] =>
  spec.servers.map((one) => ({ name: one.name, address: driver.upstream(spec, one), weight: one.weight }));

const isDrained = (view: BalancerView, name: string): boolean =>
  view.servers.find((one) => one.name === name)?.state === "draining";

const sameMembers = (have: readonly Member[], want: readonly Member[]): boolean => asText(have) === asText(want);

const asText = (servers: readonly Member[]): string =>
  servers
    .map(({ name, address, weight }) => `${name}=${address}*${weight}`)
    .sort()
    .join();
