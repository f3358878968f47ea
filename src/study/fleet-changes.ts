import type { ClusterStatus } from "../fleet/control.ts";

/** What differs between two looks at a balancer that bears on where keys go, in words; none when nothing does. */
export function fleetChanges(before: ClusterStatus, after: ClusterStatus): string[] {
  const placement = (["policy", "hash", "key"] as const)
    .filter((what) => before[what] !== after[what])
    .map((what) => `${what} ${before[what]} → ${after[what]}`);
  const states = new Map(after.servers.map(({ name, state }) => [name, state]));
  const known = new Set(before.servers.map(({ name }) => name));
  const gone = before.servers.filter(({ name }) => !states.has(name)).map(({ name }) => `${name} left`);
  const come = after.servers.filter(({ name }) => !known.has(name)).map(({ name }) => `${name} came`);
  const other = before.servers
    .filter(({ name, state }) => states.has(name) && states.get(name) !== state)
    .map(({ name, state }) => `${name} ${state} → ${states.get(name)}`);
  const broken = before.servers
    .filter((server) => (after.servers.find(({ name }) => name === server.name)?.failures ?? 0) > server.failures)
    .map(({ name }) => `${name} failed requests`);
  return [...placement, ...come, ...gone, ...other, ...broken];
}
