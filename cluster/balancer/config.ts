import { availableParallelism } from "node:os";
import {
  defaultHash,
  defaultPolicy,
  type Hash,
  hashes,
  type Member,
  type PolicySpec,
  parsePolicy,
} from "../../src/placement/index.ts";
import type { Endpoint } from "../listen.ts";
import { ConfigError } from "./address.ts";
import type { BalancerEvent } from "./events.ts";
import type { KeySpec } from "./key.ts";

export { ConfigError } from "./address.ts";

/** How servers are checked: `fall` failures in a row take one down, `rise` successes bring it back. */
export interface CheckSpec {
  readonly kind: "http" | "tcp" | "off";
  /** Asked with GET; a status of 200 to 399 is health. For `http` alone. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
}

/** Everything a balancer needs to know; `withDefaults` fills in what is left out. */
export interface BalancerConfig {
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
  readonly key: KeySpec;
  /** Whose `X-Forwarded-For` counts: addresses, CIDR blocks, `loopback`, `gateway`. */
  readonly trust: readonly string[];
  readonly check: CheckSpec;
  readonly connectTimeoutMs: number;
  /** How long a server may take until its answer begins. */
  readonly answerTimeoutMs: number;
  /** How long the head of a request may take to arrive, on either port. */
  readonly headTimeoutMs: number;
  /** How long an answer may stand still, whether the server sends no more of it or the client takes no more. */
  readonly stallTimeoutMs: number;
  /** How long a tunnel (`Upgrade`) may be silent. */
  readonly tunnelTimeoutMs: number;
  /** Adds `Via: 1.1 lbctl` to requests and answers. */
  readonly via: boolean;
  /** How long a server that passes its checks and loses its requests is given none; longer each time that it does so. */
  readonly ejectionMs: number;
  /** With fewer than this share of the servers up, in percent, down ones are used too; 0 for never (Envoy's 50). */
  readonly panicPercent: number;
  /** How long a server that comes up takes to its full share; 0 for none, as with HAProxy. */
  readonly slowStartMs: number;
  /** Requests that a server has at a time, further ones going to the next candidate; 0 for no limit, as with HAProxy. */
  readonly maxInFlight: number;
  /** How long requests in flight may take when the balancer closes, and when members are removed. */
  readonly drainMs: number;
  /** Processes that share the port; 1 is this one alone. */
  readonly workers: number;
  /** The module that a worker process runs: it calls `runWorker`. Needed for more than one worker. */
  readonly workerFile: string | null;
  /** Called with every change: a server up or down, a membership, a policy. */
  readonly log: (event: BalancerEvent) => void;
}

/** HAProxy's shape: every 2 s, 1 s to answer, three to fall, two to rise. */
export const defaultCheck: CheckSpec = {
  kind: "http",
  path: "/heartbeat",
  intervalMs: 2_000,
  timeoutMs: 1_000,
  fall: 3,
  rise: 2,
};

/** The configuration of a balancer of which only some things are said. */
export const withDefaults = (given: Partial<BalancerConfig>): BalancerConfig => ({
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
  connectTimeoutMs: 2_000,
  answerTimeoutMs: 30_000,
  headTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  tunnelTimeoutMs: 3_600_000,
  via: false,
  ejectionMs: 30_000,
  panicPercent: 50,
  slowStartMs: 0,
  maxInFlight: 0,
  // Container engines kill after ten seconds.
  drainMs: 8_000,
  workers: 1,
  workerFile: null,
  log: () => {},
  ...given,
});

const mostWorkers = 64;

/** Reads a number of worker processes, or `auto` for one a core; throws a ConfigError. */
export function parseWorkers(text: string): number {
  if (text === "auto") return Math.min(mostWorkers, availableParallelism());
  if (/^[1-9]\d?$/.test(text) && Number(text) <= mostWorkers) return Number(text);
  throw new ConfigError(`'${text}' is no number of workers: write 1 to ${mostWorkers}, or auto for one a core`);
}

/** Reads `/path`, `tcp` or `off`, and after it any of `interval=MS timeout=MS fall=N rise=N`; throws a ConfigError. */
export function parseCheck(text: string): CheckSpec {
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
