import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../../errors.ts";
import { packageRoot } from "../../package-root.ts";
import { startDaemon } from "../daemon.ts";
import type { Driver, Experiment, Instance } from "../driver.ts";
import { balancerEnvironment, serverEnvironment } from "../environment.ts";
import { followFiles } from "../log-files.ts";
import { findOrphans, markOf } from "../orphans.ts";
import { assertPortFree } from "../ports.ts";
import { endProcess, isAlive, processIdentitySchema, signalProcess } from "../process-identity.ts";
import { controlPort, type FleetSpec, reachable } from "../spec.ts";
import { type FleetFolder, readState, readToken, writeState } from "../state.ts";

const GRACE_MS = 10_000;

const processSchema = processIdentitySchema.extend({
  /** Tells whether it was started as it would be today. */
  fingerprint: z.string(),
});
const processesSchema = z.record(z.string(), processSchema);
type Processes = z.infer<typeof processesSchema>;

/** A process that should run. */
interface Wanted {
  readonly name: string;
  readonly script: string;
  readonly env: Record<string, string>;
  readonly listens: readonly { host: string; port: number }[];
}

/** Runs a fleet as child processes that outlive whoever started them; their pids are in the state folder. */
export function processDriver(folder: FleetFolder): Driver {
  const read = async (): Promise<Processes> => (await readState(folder.processes, processesSchema, folder.fleet)) ?? {};

  async function living(): Promise<Processes> {
    const entries = Object.entries(await read());
    const alive = await Promise.all(entries.map(([, one]) => isAlive(one)));
    return Object.fromEntries(entries.filter((_, i) => alive[i]));
  }

  async function observe(): Promise<Instance[]> {
    const alive = await living();
    return Object.keys(await read()).map((name) => ({
      name,
      running: Object.hasOwn(alive, name),
      id: String(alive[name]?.pid ?? "–"),
    }));
  }

  async function converge(spec: FleetSpec): Promise<string[]> {
    const wanted = await processesOf(spec);
    const current = new Map(wanted.map((one) => [one.name, fingerprint(one)]));
    const alive = await living();
    await endOrphans(alive);
    const keep = Object.fromEntries(
      Object.entries(alive).filter(([name, one]) => current.get(name) === one.fingerprint),
    );
    const missing = wanted.filter((one) => !Object.hasOwn(keep, one.name));
    await Promise.all(
      Object.entries(alive).map(([name, one]) => (Object.hasOwn(keep, name) ? null : endProcess(one, GRACE_MS))),
    );
    for (const { listens } of missing) for (const { host, port } of listens) await assertPortFree(host, port);
    for (const one of missing) {
      keep[one.name] = { ...(await start(one)), fingerprint: fingerprint(one) };
      await writeState(folder.processes, keep);
    }
    await writeState(folder.processes, keep);
    return missing.map((one) => one.name);
  }

  async function endOrphans(known: Processes): Promise<void> {
    const orphans = await findOrphans(
      folder.path,
      Object.values(known).map((one) => one.pid),
    );
    await Promise.all(orphans.map((one) => endProcess(one, GRACE_MS)));
  }

  async function start(wanted: Wanted) {
    const log = join(folder.logs, `${wanted.name}.log`);
    const identity = await startDaemon(wanted.script, [], { ...wanted.env, ...markOf(folder.path) }, log);
    if (!identity) throw new UserError(`${wanted.name} ended as it started; see ${log}.`);
    return identity;
  }

  async function remove(): Promise<void> {
    // Records that can't be read say nothing; the processes themselves still do.
    const alive = await living().catch((): Processes => ({}));
    await Promise.all(Object.values(alive).map((one) => endProcess(one, GRACE_MS)));
    await endOrphans(alive);
  }

  async function experiment(name: string, what: Experiment): Promise<void> {
    const one = new Map(Object.entries(await living())).get(name);
    if (one) signalProcess(one.pid, { kill: "SIGKILL", pause: "SIGSTOP", resume: "SIGCONT" }[what] as NodeJS.Signals);
  }

  const processesOf = async (spec: FleetSpec) => wantedProcesses(spec, await readToken(folder));

  return {
    observe,
    converge,
    remove,
    experiment,
    upstream: (spec, server) => `${reachable(spec.bind)}:${server.port}`,
    plan: (spec) => wantedProcesses(spec, "…").map(commandLine),
    logs: (name, options) => followFiles(folder.logs, name, options),
  };
}

function wantedProcesses(spec: FleetSpec, token: string): Wanted[] {
  const script = (part: string) => join(packageRoot, "dist", "image", `${part}.mjs`);
  const servers = spec.servers.map((server) => ({
    name: server.name,
    script: script("server"),
    env: serverEnvironment(server, spec.bind),
    listens: [{ host: spec.bind, port: server.port }],
  }));
  const balancer = {
    name: "balancer",
    script: script("balancer"),
    // Control stays on loopback, whatever the data port is bound to.
    env: { ...balancerEnvironment(spec, token, spec.bind), LBCTL_CONTROL: `127.0.0.1:${controlPort(spec)}` },
    listens: [
      { host: spec.bind, port: spec.port },
      { host: "127.0.0.1", port: controlPort(spec) },
    ],
  };
  return [balancer, ...servers];
}

const fingerprint = (wanted: Wanted): string =>
  createHash("sha256")
    .update(JSON.stringify([wanted.script, wanted.env]))
    .digest("hex")
    .slice(0, 16);

const commandLine = (wanted: Wanted): string =>
  [...Object.entries(wanted.env).map(([name, value]) => `${name}=${value}`), "node", wanted.script].join(" ");
