import { once } from "node:events";
import { join } from "node:path";
import { parseAddress } from "../../cluster/balancer/config/address.ts";
import {
  type BalancerConfig,
  ConfigError,
  parseCheck,
  parseWorkers,
  withDefaults,
} from "../../cluster/balancer/config/config.ts";
import { parseHashKey } from "../../cluster/balancer/config/hash-key.ts";
import { type Option, optionRows, parseOption } from "../../cluster/balancer/config/options.ts";
import { readServersFile } from "../../cluster/balancer/config/servers-file.ts";
import { type RunningBalancer, startBalancer } from "../../cluster/balancer/start.ts";
import { withAlias } from "../../cluster/balancer/telemetry/events.ts";
import type { Context, Flags } from "../context.ts";
import { type ExitCode as Code, ExitCode, isUserError, UserError, usageError } from "../errors.ts";
import { assertPortFree } from "../fleet/ports.ts";
import { plural } from "../format.ts";
import { withModules } from "../modules/load.ts";
import { packageRoot, version } from "../package-root.ts";
import { defaultHash, defaultPolicy, type Member, parseHash, parseMembers, parsePolicy } from "../placement/index.ts";

/** Runs the balancer alone, in the foreground, until Ctrl-C; requests in flight end first. */
export async function run({ flags, signal, terminal }: Context): Promise<Code> {
  const config = await balancerConfig(flags);
  for (const at of [config.listen, ...(config.control ? [config.control] : [])])
    if (at.port !== 0) await assertPortFree(at.host, at.port, "--listen and --control");
  const starting = startBalancer(config, (event) => {
    for (const each of withAlias(event)) terminal.note(JSON.stringify(each));
  });
  reloadOnHangup(starting, flags, terminal.note);
  const balancer = await starting;
  const { host } = config.listen;
  terminal.note(
    `Balancing over ${plural(config.members.length, "server")} on http://${host}:${balancer.port}; Ctrl-C ends it.`,
  );
  if (balancer.workersNote !== null) terminal.note(`${balancer.workersNote}.`);
  if (!signal.aborted) await once(signal, "abort");
  terminal.note("Ending: no new connections; requests in flight are finished.");
  await balancer.close();
  return ExitCode.done;
}

/** On SIGHUP the servers' file is read again, and the access log opened anew; on SIGUSR1 only that, as nginx has it. */
function reloadOnHangup(starting: Promise<RunningBalancer>, flags: Flags, note: (text: string) => void): void {
  // A start that fails ends the command, which says why.
  const started = starting.catch(() => null);
  let reloading: Promise<void> = Promise.resolve();
  process.on("SIGUSR1", async () => (await started)?.reopenLog());
  process.on("SIGHUP", () => {
    // One after the other: what was read last holds. Some of the workers may serve before all of them do.
    reloading = reloading.then(async () => {
      const balancer = await started;
      if (balancer === null) return;
      await balancer.reopenLog();
      if (flags.text("servers-file") !== undefined) note(await reload(balancer, flags));
    });
  });
}

/** Makes the file's servers the membership; says in one line what came of it. */
async function reload(balancer: RunningBalancer, flags: Flags): Promise<string> {
  try {
    const members = await serversOf(flags);
    const { added, removed } = balancer.replaceServers(members);
    return `Reloaded: ${plural(members.length, "server")}, ${added} added, ${removed} removed.`;
  } catch (error) {
    if (!isUserError(error)) throw error;
    return `Not reloaded, and nothing has changed: ${error.message}`;
  }
}

async function balancerConfig(flags: Flags): Promise<BalancerConfig> {
  const control = flags.text("control");
  const token = process.env.LBCTL_TOKEN;
  if (control !== undefined && !token)
    throw new UserError("--control needs a token in the environment variable LBCTL_TOKEN.");
  const members = await serversOf(flags);
  return withDefaults({
    ...settingsOf(flags),
    listen: parseAddress(flags.text("listen") ?? ""),
    control: control === undefined ? null : parseAddress(control),
    token: token ?? null,
    members,
    policy: await withModules(flags.text("policy") ?? defaultPolicy, parsePolicy),
    hash: await withModules(flags.text("hash") ?? defaultHash, parseHash),
    key: parseHashKey(flags.text("key") ?? "client-ip"),
    trust: (flags.text("trust") ?? "").split(",").filter((word) => word !== ""),
    check: parseCheck(flags.text("check") ?? "tcp"),
    workers: parseWorkers(flags.text("workers") ?? "1"),
    workerFile: join(packageRoot, "dist/cluster/balancer/main.js"),
    accessLog: flags.text("access-log") ?? (process.env.LBCTL_ACCESS_LOG || null),
    version,
  });
}

/** The numbers and switches of the balancer's table. */
const settingsOf = (flags: Flags): Partial<BalancerConfig> =>
  Object.fromEntries(
    optionRows.flatMap(([field, option]) => {
      const text = option.unit === "switch" ? (flags.is(option.flag) ? "1" : undefined) : textOf(flags, option);
      return text === undefined ? [] : [[field, parseNamed(option, text)]];
    }),
  );

/** What was given by a former name holds: the present one always has a value. */
const textOf = (flags: Flags, { flag, aliases = [] }: Option): string | undefined =>
  [...aliases, flag].map((name) => flags.text(name)).find((text) => text !== undefined);

function parseNamed(option: Option, text: string): unknown {
  try {
    return parseOption(option, text);
  } catch (error) {
    if (error instanceof ConfigError) throw usageError(`--${option.flag}: ${error.message}.`);
    throw error;
  }
}

/** Those of the flags, and after them those of the file. */
async function serversOf(flags: Flags): Promise<readonly Member[]> {
  const file = flags.text("servers-file");
  const texts = flags.list("server");
  if (texts.length === 0 && file === undefined)
    throw usageError("Name the servers: --server a=127.0.0.1:3001 --server b=127.0.0.1:3002.");
  const members = texts.length === 0 ? [] : parseMembers(texts.join(","));
  const withoutAddress = members.find((member) => member.address === undefined);
  if (withoutAddress)
    throw usageError(
      `--server ${withoutAddress.name} has no address: write --server ${withoutAddress.name}=127.0.0.1:3001.`,
    );
  return file === undefined ? members : [...members, ...(await readServersFile(file))];
}
