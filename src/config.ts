import { isIP, isIPv4 } from "node:net";
import { parseCheck } from "../cluster/balancer/config/config.ts";
import { formatHashKey, parseHashKey } from "../cluster/balancer/config/hash-key.ts";
import { parseTrustedProxies } from "../cluster/balancer/config/trusted-proxies.ts";
import type { Flags } from "./context.ts";
import { usageError } from "./errors.ts";
import {
  assertSamePlace,
  type FleetSpec,
  MAX_SERVERS,
  type PlacementChange,
  resized,
  withPlacement,
} from "./fleet/spec.ts";
import { withModules } from "./modules/load.ts";
import { wholeNumber } from "./numbers.ts";
import { defaultHash, defaultPolicy, formatPolicy, parseHash, parsePolicy, sourcesOf } from "./placement/index.ts";

/** What a fleet is unless its user says otherwise. */
const DEFAULT_SERVERS = 3;
const fleetDefaults = {
  policy: defaultPolicy,
  hash: defaultHash,
  modules: {},
  key: "client-ip",
  port: 5000,
  bind: "127.0.0.1",
  trust: ["loopback"],
  check: "/heartbeat",
} as const;

/** Peers that `send` reaches a fleet from; in a container, the host's traffic comes from the bridge's gateway. */
const trustedBy = (driver: FleetSpec["driver"], bind: string): string[] =>
  driver === "compose" && bind === fleetDefaults.bind ? ["loopback", "gateway"] : [...fleetDefaults.trust];

/**
 * The fleet that `up`'s flags ask for: what they leave out is as it runs, or a default. Flags that a running fleet
 * can't follow are an error.
 */
export function askedSpec(
  flags: Flags,
  placement: PlacementChange,
  driver: FleetSpec["driver"],
  existing: FleetSpec | null,
): FleetSpec {
  const port = flags.whole("port", 1024, 65_000) ?? existing?.port ?? fleetDefaults.port;
  const bind = bindAddress(flags.text("bind")) ?? existing?.bind ?? fleetDefaults.bind;
  const trust = trustList(flags.text("trust")) ?? existing?.trust ?? trustedBy(driver, bind);
  const check = checkSpec(flags.text("check")) ?? existing?.check ?? fleetDefaults.check;
  const asked = { driver, port, bind, trust, check };
  if (existing) assertSamePlace(existing, asked);
  const base: FleetSpec = { ...fleetDefaults, servers: [], images: null, ...existing, ...asked };
  const servers = flags.text("servers");
  const count = servers === undefined ? base.servers.length || DEFAULT_SERVERS : serverCount(servers);
  return resized(withPlacement(base, placement), count);
}

/** The policy, hash and key that are asked for, with the modules that they come from, loaded now and kept as they are now. */
export async function askedPlacement(flags: Flags, policyText: string | undefined): Promise<PlacementChange> {
  const [hashText, key] = [flags.text("hash"), flags.text("key")];
  const policy = policyText === undefined ? undefined : await withModules(policyText, parsePolicy);
  const hash = hashText === undefined ? undefined : await withModules(hashText, parseHash);
  return {
    policy: policy && formatPolicy(policy),
    hash: hash?.name,
    key: key === undefined ? undefined : formatHashKey(parseHashKey(key)),
    modules: sourcesOf(policy, hash),
  };
}

/** The number of servers of one fleet. */
const serverCount = (text: string): number => wholeNumber(text, "--servers", 1, MAX_SERVERS);

function bindAddress(text: string | undefined): string | undefined {
  if (text === undefined || isIPv4(text)) return text;
  throw usageError(`--bind takes an IPv4 address, such as 127.0.0.1 or 0.0.0.0, not "${text}".`);
}

/** Peers to trust, checked as the balancer will; only a container knows its gateway. */
function trustList(text: string | undefined): string[] | undefined {
  const words = text?.split(",").map((word) => word.trim());
  parseTrustedProxies(words?.filter((word) => word !== "gateway") ?? []);
  return words;
}

function checkSpec(text: string | undefined): string | undefined {
  if (text !== undefined) parseCheck(text);
  return text;
}

/** Whether a text can be a client's address. */
export const isAddress = (text: string): boolean => isIP(text) !== 0;
