/** Every number and switch of the balancer, in one table: flags, `LBCTL_*` variables, help and README come from it. */
import { ConfigError } from "./address.ts";
import { parseRewrites, type RewriteRule } from "./rewrite.ts";

/** What every option has. */
interface Named {
  readonly flag: string;
  /** Former names of the flag, which go on working. */
  readonly aliases?: readonly string[];
  /** What it is, and whose default ours is. */
  readonly help: string;
}

/** A whole number from `min` to `max`. */
interface NumberOption extends Named {
  readonly unit: "ms" | "bytes" | "bytes/s" | "percent" | "n";
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/** Off unless it is asked for. */
interface SwitchOption extends Named {
  readonly unit: "switch";
  readonly fallback: false;
}

/** Status codes of responses. */
interface StatusesOption extends Named {
  readonly unit: "statuses";
  readonly fallback: readonly number[];
}

/** What a client that has shut its sending side is taken for. */
type HalfClose = "wait" | "cut";

/** One of these words. */
interface WordOption extends Named {
  readonly unit: "wait or cut";
  readonly fallback: HalfClose;
}

/** What paths are at the servers. */
interface RewritesOption extends Named {
  readonly unit: "from=to";
  readonly fallback: readonly RewriteRule[];
}

/** One option as people see it. */
export type Option = NumberOption | SwitchOption | StatusesOption | WordOption | RewritesOption;

const number = (
  flag: string,
  unit: NumberOption["unit"],
  fallback: number,
  [min, max]: readonly [min: number, max: number],
  help: string,
): NumberOption => ({ flag, unit, fallback, min, max, help });

const DAY = 86_400_000;
const ms = (flag: string, fallback: number, help: string): NumberOption => number(flag, "ms", fallback, [1, DAY], help);
const statuses = (flag: string, help: string): StatusesOption => ({ flag, unit: "statuses", fallback: [], help });
const turnOn = (flag: string, help: string): SwitchOption => ({ flag, unit: "switch", fallback: false, help });

/** By the field of the configuration that each one sets. */
const options = {
  headTimeoutMs: ms(
    "head-timeout",
    10_000,
    "for the head of a request to arrive, in all, and for a client's first to begin (HAProxy's sample: 10 s)",
  ),
  idleTimeoutMs: ms("idle-timeout", 60_000, "for the next request of a client to begin (HAProxy's sample: 1 min)"),
  stallTimeoutMs: ms(
    "stall-timeout",
    60_000,
    "for a response that stands still, because its server sends or its client takes no more of it (nginx: 60 s)",
  ),
  minBodyRate: number(
    "min-body-rate",
    "bytes/s",
    500,
    [0, 1_000_000],
    "what a request's body has to bring on average over each --stall-timeout; 0: anything at all (Apache: 500)",
  ),
  connectTimeoutMs: ms("connect-timeout", 5_000, "for a connection to a server to be made (Envoy: 5 s)"),
  responseTimeoutMs: {
    ...ms("response-timeout", 30_000, "for a server's response to begin (Heroku's router: 30 s)"),
    aliases: ["answer-timeout"],
  },
  tunnelTimeoutMs: ms("tunnel-timeout", 3_600_000, "for a silent tunnel, such as a WebSocket (HAProxy's manual: 1 h)"),
  awaitServersMs: number(
    "await-servers",
    "ms",
    0,
    [0, DAY],
    "how long a balancer that starts without a server holds its clients until it has one; 0: they get a 503 (Envoy: 15 s)",
  ),
  drainMs: number(
    "drain-timeout",
    "ms",
    8_000,
    [0, DAY],
    "for requests in flight when the balancer ends (containers are killed after 10 s)",
  ),
  maxLineBytes: number(
    "max-line",
    "bytes",
    8_192,
    [256, 65_536],
    "a request's first line, or one header line; beyond: 414, 431 (nginx: 8 KiB)",
  ),
  maxHeadBytes: number(
    "max-head",
    "bytes",
    32_768,
    [512, 262_144],
    "a request's head in all; beyond: 431 (nginx: 32 KiB)",
  ),
  maxFields: number("max-fields", "n", 100, [8, 1_000], "header fields; beyond: 431 (Apache, Envoy: 100)"),
  maxBodyBytes: number(
    "max-body",
    "bytes",
    0,
    [0, Number.MAX_SAFE_INTEGER],
    "a request's body; beyond: 413; 0: any (HAProxy, Envoy: any; nginx: 1 MiB)",
  ),
  maxConnections: number(
    "max-connections",
    "n",
    50_000,
    [0, 10_000_000],
    "clients' connections; beyond: 503; 0: any (Envoy's guide for edges: 50000)",
  ),
  maxClientConnections: number(
    "max-client-connections",
    "n",
    0,
    [0, 10_000_000],
    "connections of one address that is not in --trust; beyond: 503; 0: any (HAProxy, nginx, Envoy: any)",
  ),
  maxInFlight: number(
    "max-in-flight",
    "n",
    0,
    [0, 1_000_000],
    "requests that a server has at a time, others going to the next candidate; 0: any (HAProxy, nginx: any)",
  ),
  maxServerConnections: number(
    "max-server-connections",
    "n",
    1_024,
    [1, 1_000_000],
    "connections to a server; further requests wait for one (Envoy: 1024)",
  ),
  maxPending: number(
    "max-pending",
    "n",
    1_024,
    [0, 1_000_000],
    "requests that wait for a connection to a server; beyond: 503 (Envoy: 1024)",
  ),
  pipelineDepth: {
    ...number(
      "pipeline",
      "n",
      1,
      [1, 64],
      "requests sent behind one another on a connection to a server, if each changes nothing; safe only where servers respond in order and drop none: a slow one delays those behind it, and a response that somebody can split at the server may reach another client; 1: off (HAProxy, nginx: 1)",
    ),
    aliases: ["max-shared"],
  },
  slowStartMs: number(
    "slow-start",
    "ms",
    0,
    [0, DAY],
    "until a server that comes up has its full share; 0: at once (HAProxy, Envoy: 0)",
  ),
  panicPercent: number(
    "panic-percent",
    "percent",
    50,
    [0, 100],
    "with fewer of the servers up, down ones that respond are used too; 0: never (Envoy: 50)",
  ),
  ejectAfter: number(
    "eject-after",
    "n",
    5,
    [0, 1_000],
    "requests in a row that fail at a server and have it ejected; 0: never (Envoy: 5)",
  ),
  ejectionMs: ms("eject-time", 30_000, "how long, the first time; longer each time, up to tenfold (Envoy: 30 s)"),
  ejectPercent: number(
    "eject-share",
    "percent",
    50,
    [0, 100],
    "of the servers at most are out when one is ejected (Envoy: 10, but always one)",
  ),
  attempts: number(
    "attempts",
    "n",
    3,
    [1, 10],
    "times that a request is tried at most, of which two may reach a server (Envoy: 2; HAProxy: 4)",
  ),
  retryPercent: number(
    "retry-budget",
    "percent",
    20,
    [0, 100],
    "of the last seconds' requests may be tried again; beyond: 503 (Envoy: 20)",
  ),
  retryFloor: number("retry-floor", "n", 10, [0, 10_000], "retries a second that are always allowed (Finagle: 10)"),
  retryBodyBytes: number(
    "retry-body",
    "bytes",
    16_384,
    [0, 1_048_576],
    "of a body are kept to be sent again, until its response begins; a longer one is sent once (HAProxy: 16 KiB)",
  ),
  retryOn: statuses(
    "retry-on",
    "statuses of responses, such as 502,503, after which what may be made twice is tried elsewhere (HAProxy, nginx: none)",
  ),
  halfClose: {
    flag: "half-close",
    unit: "wait or cut",
    fallback: "wait",
    help: "a client that has shut its sending side waits for its response, or has left once it takes none for 1 s (HAProxy: wait; nginx: cut)",
  } as WordOption,
  rewrites: {
    flag: "rewrite",
    unit: "from=to",
    fallback: [],
    help: "paths that begin with one prefix go to servers with another, such as /api=/data; several apart by commas, the first that matches holds",
  } as RewritesOption,
  proxyProtocol: turnOn(
    "proxy-protocol",
    "connections begin with a PROXY header, v1 or v2, that names the client; believed from --trust (HAProxy, nginx: off)",
  ),
  via: turnOn("via", "adds Via: 1.1 lbctl to requests and responses (HAProxy, nginx, Envoy: off)"),
} as const satisfies Record<string, Option>;

type OptionField = keyof typeof options;
type ValueOf<Fallback> = Fallback extends false ? boolean : Fallback;

/** A value for each option; `options` says what it means. */
export type Settings = { readonly [Field in OptionField]: ValueOf<(typeof options)[Field]["fallback"]> };

/** The options with their fields, in the order of the table. */
export const optionRows: readonly (readonly [field: OptionField, option: Option])[] = Object.entries(options) as [
  OptionField,
  Option,
][];

/** The value of every option of which nothing is said. */
export const defaultSettings: Settings = Object.fromEntries(
  optionRows.map(([field, { fallback }]) => [field, fallback]),
) as Settings;

/** The variable of the balancer's process for `--head-timeout` is `LBCTL_HEAD_TIMEOUT`. */
export const variableOf = ({ flag }: Pick<Option, "flag">): string =>
  `LBCTL_${flag.toUpperCase().replaceAll("-", "_")}`;

/** Returns the variables of an option's former names. */
export const aliasVariables = ({ aliases = [] }: Option): string[] => aliases.map((flag) => variableOf({ flag }));

/** Reads an option's value; throws a ConfigError. A switch is 1 or 0. */
export function parseOption(option: Option, text: string): Settings[OptionField] {
  if (option.unit === "switch") return parseSwitch(text);
  if (option.unit === "statuses") return text.split(",").map(parseStatus);
  if (option.unit === "wait or cut") return parseHalfClose(text);
  if (option.unit === "from=to") return parseRewrites(text);
  const { min, max, unit } = option;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const what = unit === "n" ? "" : ` (${unit})`;
  throw new ConfigError(`'${text}' is not a whole number from ${min} to ${max}${what}`);
}

/** What stands behind the flag in a help text; nothing for a switch. */
export const placeholderOf = ({ unit }: Option): string => (unit === "switch" ? "" : ` <${unit}>`);

/** Reads 1 or 0; throws a ConfigError. */
export function parseSwitch(text: string): boolean {
  if (text === "1" || text === "0") return text === "1";
  throw new ConfigError(`'${text}' is neither 1 nor 0`);
}

function parseHalfClose(text: string): HalfClose {
  if (text === "wait" || text === "cut") return text;
  throw new ConfigError(`'${text}' is neither wait nor cut`);
}

function parseStatus(text: string): number {
  if (/^[45]\d\d$/.test(text.trim())) return Number(text);
  throw new ConfigError(`'${text}' is not the status of a failure: write some of 400 to 599, such as 502,503`);
}
