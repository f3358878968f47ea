import { randomUUID } from "node:crypto";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, type Dispatcher } from "undici";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { packageRoot } from "../package-root.ts";
import { startDaemon } from "./daemon.ts";
import type { Experiment } from "./driver.ts";
import { drivers } from "./drivers/index.ts";
import { waitUntil } from "./health.ts";
import { isAlive, processIdentitySchema } from "./process-identity.ts";
import { checkPlacement, type FleetSpec } from "./spec.ts";
import {
  createFolder,
  type FleetFolder,
  fleetFlag,
  fleetRecordSchema,
  isFleet,
  listFleets,
  readState,
  removeFolder,
} from "./state.ts";
import { type FleetStatus, statusSchema } from "./supervisor.ts";

const errorSchema = z.object({ message: z.string(), exitCode: z.number(), stack: z.string().nullable() });
const eventSchema = z.union([
  z.object({ progress: z.string() }),
  z.object({ done: z.literal(true) }),
  z.object({ stale: z.literal(true) }),
  z.object({ error: errorSchema }),
]);

/** What there is of a fleet: null where nothing is; `supervisor: null` where it runs on its own. */
export async function fleetStatus(folder: FleetFolder): Promise<FleetStatus | null> {
  const response = await callSupervisor(folder, "GET", "/status");
  if (response) return statusSchema.nullable().parse(response.value);
  const record = await readState(folder.record, fleetRecordSchema, folder.fleet);
  if (!record) return null;
  const instances = await drivers[record.spec.driver].create(folder).observe();
  return { ...record, version: 0, instances, replaced: 0, supervisor: null };
}

/** The status of a fleet that has to be up; otherwise an error that says how to bring it up. */
export async function runningFleet(folder: FleetFolder): Promise<FleetStatus> {
  const status = await fleetStatus(folder);
  if (status) return status;
  const others = (await listFleets()).filter((name) => name !== folder.fleet);
  const those = others.length === 0 ? "" : ` (there ${others.length === 1 ? "is" : "are"} ${others.join(", ")})`;
  throw new UserError(
    `The fleet "${folder.fleet}" isn't up${those}: bring it up with \`lbctl up${fleetFlag(folder.fleet)}\`.`,
  );
}

/** How a change is made: what of the fleet is known as it begins (null where nothing is), and what it should be. */
export type MakeSpec = (before: FleetSpec | null) => FleetSpec;

/**
 * Changes a fleet, starting its supervisor where there is none, and returns when it is healthy. Changes that others
 * make meanwhile are kept: `make` is asked again with them. An abort rolls back before this rejects.
 */
export async function changeFleet(
  folder: FleetFolder,
  make: MakeSpec,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<FleetStatus> {
  await startSupervisor(folder);
  for (;;) {
    const before = await fleetStatus(folder);
    try {
      signal.throwIfAborted();
      const spec = make(before?.spec ?? null);
      await checkPlacement(spec);
      if (await putSpec(folder, { spec, version: before?.version ?? 0 }, progress, signal)) break;
    } catch (error) {
      // A supervisor that was started for a fleet that is not to be has nothing to look after.
      if (!before && !(await fleetStatus(folder))) await stopSupervisor(folder);
      throw error;
    }
  }
  return await runningFleet(folder);
}

/** Asks the supervisor for a spec; false when it was made from a version of the fleet that is no more. */
async function putSpec(
  folder: FleetFolder,
  change: { spec: FleetSpec; version: number },
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const id = randomUUID();
  const abort = () => void callSupervisor(folder, "POST", `/abort?id=${id}`).catch(() => {});
  signal.addEventListener("abort", abort);
  try {
    for await (const event of applyEvents(folder, `/spec?id=${id}`, JSON.stringify(change))) {
      if ("progress" in event) progress(event.progress);
      if ("error" in event) throw remoteError(event.error);
      if ("stale" in event) return false;
      if ("done" in event) return true;
    }
    throw supervisorGone();
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function* applyEvents(folder: FleetFolder, path: string, body: string) {
  await using client = connect(folder);
  try {
    const response = await client.request({ method: "PUT", path, body });
    for await (const text of createInterface({ input: response.body })) yield eventSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw supervisorGone(cause);
  }
}

const supervisorGone = (cause?: unknown): UserError =>
  new UserError("The supervisor ended in the middle of its work: run `lbctl up` again, or `lbctl down`.", 1, { cause });

/** Runs an experiment on an instance: kills, pauses or resumes it. */
export async function experiment(folder: FleetFolder, name: string, what: Experiment): Promise<void> {
  if (!(await callSupervisor(folder, "POST", "/experiment", { name, what })))
    throw new UserError("The fleet's supervisor isn't running: `lbctl up` starts it again.");
}

/** Ends a fleet and removes all that is left of it, with or without a supervisor; false when there was nothing. */
export async function removeFleet(folder: FleetFolder): Promise<boolean> {
  if (!(await isFleet(folder.path))) return false;
  await stopSupervisor(folder);
  if (await isFleet(folder.path)) await removeLeftovers(folder);
  return true;
}

/** Has the supervisor, where there is one, remove the fleet, and waits until its process has ended. */
async function stopSupervisor(folder: FleetFolder): Promise<void> {
  // The supervisor removes this record, with the rest of the folder, before its process ends.
  const supervisor = await readState(folder.supervisor, processIdentitySchema, folder.fleet).catch(() => null);
  if (!(await callSupervisor(folder, "POST", "/stop")) || !supervisor) return;
  await waitUntil(async () => !(await isAlive(supervisor)), {
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    onTimeout: () => new UserError("The supervisor did not end; run `lbctl down` again."),
  });
}

/** With no supervisor to call and perhaps no readable record, every driver that left a trace removes what it finds. */
async function removeLeftovers(folder: FleetFolder): Promise<void> {
  const exists = (file: string) =>
    access(file).then(
      () => true,
      () => false,
    );
  await drivers.process.create(folder).remove();
  if (await exists(folder.compose)) await drivers.compose.create(folder).remove();
  await removeFolder(folder);
}

async function startSupervisor(folder: FleetFolder): Promise<void> {
  if (await callSupervisor(folder, "POST", "/ping")) return;
  await createFolder(folder);
  // A record that can't be read stops us here, before anything is started.
  await readState(folder.record, fleetRecordSchema, folder.fleet);
  const log = join(folder.logs, "supervisor.log");
  const script = join(packageRoot, "dist/cli/fleet/supervisor-main.js");
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(inherited), LBCTL_HOME: folder.home };
  const identity = await startDaemon(script, [folder.fleet], env, log);
  await waitUntil(async () => (await callSupervisor(folder, "POST", "/ping")) !== null, {
    timeoutMs: identity ? 10_000 : 0,
    signal: new AbortController().signal,
    onTimeout: () => new UserError(`The fleet's supervisor did not start: see ${log}.`),
  });
}

const connect = (folder: FleetFolder): Client & AsyncDisposable => {
  const client = new Client("http://supervisor", { socketPath: folder.socket, headersTimeout: 0, bodyTimeout: 0 });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.destroy() });
};

/** Asks the supervisor; null when there is none. */
async function callSupervisor(
  folder: FleetFolder,
  method: Dispatcher.HttpMethod,
  path: string,
  body?: unknown,
): Promise<{ value: unknown } | null> {
  await using client = connect(folder);
  const request = { method, path, body: body === undefined ? null : JSON.stringify(body) };
  const response = await client.request(request).catch(() => null);
  const text = await response?.body.text().catch(() => null);
  if (!response || text === null || text === undefined) return null;
  const value: unknown = JSON.parse(text || "{}");
  if (response.statusCode < 400) return { value };
  throw remoteError(z.object({ error: errorSchema }).parse(value).error);
}

/** An error of the supervisor's, as if it had been thrown here. */
function remoteError({ message, exitCode, stack }: z.infer<typeof errorSchema>): Error {
  if (stack) return Object.assign(new Error(message), { stack });
  return new UserError(message, exitCode as UserError["exitCode"]);
}
