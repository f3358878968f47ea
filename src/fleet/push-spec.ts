import type { Control } from "./control.ts";
import type { Driver } from "./driver.ts";
import type { FleetSpec } from "./spec.ts";

interface Address {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
}

/** Tells the balancer what differs from what it has: placement, membership, and who is drained. */
export async function pushSpec(driver: Driver, to: Control, want: FleetSpec): Promise<void> {
  const have = await to.view();
  if (have.policy !== want.policy || have.hash !== want.hash || have.key !== want.key)
    await to.setPolicy(want.policy, want.hash, want.key);
  const servers = want.servers.map((one) => ({
    name: one.name,
    address: driver.upstream(want, one),
    weight: one.weight,
  }));
  if (asText(have.servers) !== asText(servers)) await to.setServers(servers);
  for (const { name, drained } of want.servers) {
    const is = have.servers.find((one) => one.name === name)?.state === "draining";
    if (is !== drained) await to.setDrained(name, drained);
  }
}

const asText = (servers: readonly Address[]): string =>
  servers
    .map(({ name, address, weight }) => `${name}=${address}*${weight}`)
    .sort()
    .join();
