import * as z from "zod";
import { usageError } from "../errors.ts";
import { loadPlacement } from "../modules/load.ts";
import { createPlacement } from "../placement/index.ts";

/** More servers than this on one machine is a mistake, not a fleet. */
export const MAX_SERVERS = 200;

const port = z.int().min(1).max(65535);
const serverName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/);

const serverSchema = z.object({
  name: serverName,
  /** Published on the bind address; inside a container the server listens on the same number. */
  port,
  weight: z.number().positive(),
  /** Takes no new requests. */
  drained: z.boolean(),
});

/** What a fleet is asked to be: the whole of its desired state. */
export const fleetSpecSchema = z.object({
  driver: z.enum(["process", "compose"]),
  servers: z.array(serverSchema).min(1).max(MAX_SERVERS),
  /** Canonical text, e.g. `ring` or `ring:vnodes=40`. */
  policy: z.string(),
  hash: z.string(),
  /** The sources of the modules that policy and hash name, by their names: the fleet outlives their files. */
  modules: z.record(z.string(), z.string()).default({}),
  key: z.string(),
  /** The data port; control is one below, server i is i above. */
  port,
  bind: z.string(),
  /** Peers whose X-Forwarded-For counts. */
  trust: z.array(z.string()),
  /** How the balancer checks the servers. */
  check: z.string(),
  /** The images, for drivers that use some. */
  images: z.object({ balancer: z.string(), server: z.string() }).nullable(),
});

export type FleetSpec = z.infer<typeof fleetSpecSchema>;
export type ServerSpec = FleetSpec["servers"][number];

/** The control port of a fleet: loopback only, one below the data port. */
export const controlPort = (spec: Pick<FleetSpec, "port">): number => spec.port - 1;

/** Throws a usage error when a running fleet is asked for another driver, port, bind address, trust list or check: only `up` sets these. */
export function assertSamePlace(
  existing: FleetSpec,
  asked: Pick<FleetSpec, "driver" | "port" | "bind" | "trust" | "check">,
): void {
  for (const [name, is, wanted] of [
    ["driver", existing.driver, asked.driver],
    ["port", existing.port, asked.port],
    ["bind", existing.bind, asked.bind],
    ["trust", existing.trust.join(), asked.trust.join()],
    ["check", existing.check, asked.check],
  ] as const)
    if (is !== wanted)
      throw usageError(`The fleet runs with --${name} ${is}, which can't change while it is up: \`lbctl down\` first.`);
}

/** Rejects with a PlacementError when the policy has no room for these servers, before anything is stopped or started. */
export async function checkPlacement(spec: FleetSpec): Promise<void> {
  const { policy, hash } = await loadPlacement(spec);
  const members = spec.servers.map(({ name, weight, port }) => ({ name, weight, address: `${spec.bind}:${port}` }));
  createPlacement(policy, hash, members);
}

/** An address to connect to, for one that is listened on. */
export const reachable = (bind: string): string => (bind === "0.0.0.0" ? "127.0.0.1" : bind);

/** What a fleet's placement is to be; what is left out stays as it is. */
export interface PlacementChange {
  readonly policy?: string | undefined;
  readonly hash?: string | undefined;
  readonly key?: string | undefined;
  /** The sources of the modules that policy and hash name. */
  readonly modules?: Readonly<Record<string, string>>;
}

/** The fleet with another placement, and the sources of just the modules that this names. */
export function withPlacement(spec: FleetSpec, change: PlacementChange): FleetSpec {
  const { policy = spec.policy, hash = spec.hash, key = spec.key } = change;
  const names = [policy.split(":", 1)[0], hash];
  const known = Object.entries({ ...spec.modules, ...change.modules });
  return { ...spec, policy, hash, key, modules: Object.fromEntries(known.filter(([name]) => names.includes(name))) };
}

/** The fleet with exactly `count` servers: grown by the lowest free server-i, shrunk from the highest down. */
export function resized(spec: FleetSpec, count: number): FleetSpec {
  let servers = spec.servers;
  while (servers.length > count) servers = servers.filter((server) => server !== highest(servers));
  let next: FleetSpec = { ...spec, servers };
  while (next.servers.length < count) next = withServer(next);
  return withActiveServer(next);
}

/** The fleet with one more server, on the lowest free port; its name is server-i of that port unless given. */
export function withServer(spec: FleetSpec, name?: string): FleetSpec {
  const taken = new Set(spec.servers.flatMap((server) => [server.name, server.port]));
  if (name !== undefined && taken.has(name)) throw usageError(`There is a server named ${name} already.`);
  if (name !== undefined && (!serverName.safeParse(name).success || name === "balancer"))
    throw usageError(
      `"${name}" can't name a server: use letters, digits, ".", "_" and "-", at most 63, other than "balancer".`,
    );
  if (spec.servers.length >= MAX_SERVERS) throw usageError(`A fleet has at most ${MAX_SERVERS} servers.`);
  for (let i = 1; ; i++) {
    const server = { name: name ?? `server-${i}`, port: spec.port + i, weight: 1, drained: false };
    if (taken.has(server.port) || taken.has(server.name)) continue;
    if (server.port > 65535) throw usageError(`No port is left above ${spec.port}: choose a lower --port.`);
    return { ...spec, servers: [...spec.servers, server] };
  }
}

/** The fleet without the server of that name, or without its highest when none is named. */
export function withoutServer(spec: FleetSpec, name?: string): FleetSpec {
  const gone = name === undefined ? highest(spec.servers) : findServer(spec, name);
  if (spec.servers.length === 1) throw usageError("A fleet keeps at least one server: `lbctl down` ends it.");
  return withActiveServer({ ...spec, servers: spec.servers.filter((server) => server !== gone) });
}

/** The fleet with one server drained (it takes no new requests), or ready again. */
export function withDrained(spec: FleetSpec, name: string, drained: boolean): FleetSpec {
  const found = findServer(spec, name);
  return withActiveServer({
    ...spec,
    servers: spec.servers.map((server) => (server === found ? { ...server, drained } : server)),
  });
}

/** Returns the fleet when at least one of its servers takes requests; otherwise throws a usage error. */
function withActiveServer(spec: FleetSpec): FleetSpec {
  if (spec.servers.some((server) => !server.drained)) return spec;
  throw usageError(
    "That would leave no server that takes requests: undo a drain with `lbctl drain NAME --undo` first.",
  );
}

/**
 * The fleet with `n` servers more or fewer: those that are named, then the lowest free or picked at random. A name may
 * be written as the classroom does, `Server 1` for server-1.
 */
export function withScaleRequest(
  spec: FleetSpec,
  request: { action: "add" | "rm"; n: number; hostnames: string[] },
): FleetSpec {
  const named = request.hostnames.map((name) => name.replace(/^Server (\d+)$/, "server-$1"));
  const change = request.action === "add" ? withServer : withoutServer;
  let next = named.reduce((fleet, name) => change(fleet, name), spec);
  for (let rest = request.n - named.length; rest > 0; rest--)
    next = request.action === "add" ? withServer(next) : withoutServer(next, randomServer(next));
  return next;
}

const randomServer = (spec: FleetSpec): string | undefined =>
  spec.servers[Math.floor(Math.random() * spec.servers.length)]?.name;

/** The server of that name; an unknown one is a usage error that lists those there are. */
export function findServer(spec: FleetSpec, name: string): ServerSpec {
  const found = spec.servers.find((server) => server.name === name);
  if (found) return found;
  throw usageError(`No server is named ${name}; there are ${spec.servers.map((server) => server.name).join(", ")}.`);
}

const highest = (servers: readonly ServerSpec[]): ServerSpec | undefined =>
  servers.toSorted((a, b) => b.port - a.port)[0];
