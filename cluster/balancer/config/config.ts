import { availableParallelism } from "node:os";
import {
  defaultHash,
  defaultPolicy,
  type Hash,
  hashes,
  type Member,
  type PolicySpec,
  parsePolicy,
} from "../../../src/placement/index.ts";
import type { Endpoint } from "../../listen.ts";
import { ConfigError } from "./address.ts";
import type { HashKey } from "./hash-key.ts";
import { defaultSettings, type Settings } from "./options.ts";

export { ConfigError } from "./address.ts";

/** How servers are checked: `fall` failures in a row take one down, `rise` successes bring it back. */
export interface HealthCheckSpec {
  readonly kind: "http" | "tcp" | "off";
  /** Asked with GET; a status of 200 to 399 is health. For `http` alone. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
}

/** Everything a balancer needs to know, the numbers and switches of `options.ts` too; `withDefaults` fills in what is left out. */
export interface BalancerConfig extends Settings {
  readonly listen: Endpoint;
  /** The control port; null for none. Loopback only, unless `controlExposed`. */
  readonly control: Endpoint | null;
  /** Lets the control port listen beyond loopback: in a container whose port is published on loopback. */
  readonly controlExposed: boolean;
  /** The bearer token of the control port; needed when there is one. */
  readonly token: string | null;
  /** Each with an address. */
  readonly members: readonly Member[];
  readonly policy: PolicySpec;
  readonly hash: Hash;
  readonly key: HashKey;
  /** Whose `X-Forwarded-For` counts: addresses, CIDR blocks, `loopback`, `gateway`. */
  readonly trust: readonly string[];
  readonly check: HealthCheckSpec;
  /** Processes that share the port; 1 is this one alone. */
  readonly workers: number;
  /** The module that a worker process runs: it calls `runWorker`. Needed for more than one worker. */
  readonly workerFile: string | null;
  /** A file that gets a line of JSON for each request; `-` for standard output, null for none. */
  readonly accessLog: string | null;
  /** What `/metrics` says it is. */
  readonly version: string;
}

/** HAProxy's shape: every 2 s, 1 s to respond, three to fall, two to rise. */
export const defaultCheck: HealthCheckSpec = {
  kind: "http",
  path: "/heartbeat",
  intervalMs: 2_000,
  timeoutMs: 1_000,
  fall: 3,
  rise: 2,
};

/** The configuration of a balancer of which only some things are said. */
export const withDefaults = (given: Partial<BalancerConfig>): BalancerConfig => ({
  ...defaultSettings,
  listen: { host: "127.0.0.1", port: 5000 },
  control: null,
  controlExposed: false,
  token: null,
  members: [],
  policy: parsePolicy(defaultPolicy),
  hash: hashes[defaultHash],
  key: { kind: "client-ip" },
  trust: [],
  check: defaultCheck,
  workers: 1,
  workerFile: null,
  accessLog: null,
  version: "unknown",
  ...given,
});

const MAX_WORKERS = 64;

/** Reads a number of worker processes, or `auto` for one a core; throws a ConfigError. */
export function parseWorkers(text: string): number {
  if (text === "auto") return Math.min(MAX_WORKERS, availableParallelism());
  if (/^[1-9]\d?$/.test(text) && Number(text) <= MAX_WORKERS) return Number(text);
  throw new ConfigError(`'${text}' is no number of workers: write 1 to ${MAX_WORKERS}, or auto for one a core`);
}

/** Reads `/path`, `tcp` or `off`, and after it any of `interval=MS timeout=MS fall=N rise=N`; throws a ConfigError. */
export function parseCheck(text: string): HealthCheckSpec {
  const [how = "", ...options] = text.split(/\s+/);
  const timing = Object.fromEntries(options.map(checkOption));
  if (how === "tcp" || how === "off") return { ...defaultCheck, ...timing, kind: how };
  if (/^\/[\x21-\x7e]*$/.test(how)) return { ...defaultCheck, ...timing, path: how };
  throw new ConfigError(`'${text}' is not a check: write a path such as /health, tcp or off`);
}

const checkOptions = { interval: "intervalMs", timeout: "timeoutMs", fall: "fall", rise: "rise" } as const;

function checkOption(text: string): [string, number] {
  const [name, value] = text.split("=");
  const found = Object.entries(checkOptions).find(([option]) => option === name);
  if (found === undefined || value === undefined || !/^[1-9]\d{0,6}$/.test(value))
    throw new ConfigError(
      `'${text}' is not an option of a check: write interval=, timeout=, fall= or rise= and a number`,
    );
  return [found[1], Number(value)];
}
