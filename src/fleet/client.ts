import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, type Dispatcher } from "undici";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { packageRoot } from "../package-root.ts";
import { startDaemon } from "./daemon.ts";
import type { Experiment } from "./driver.ts";
import { drivers } from "./drivers/index.ts";
import { waitUntil } from "./health.ts";
import { isAlive, processIdentitySchema } from "./process-identity.ts";
import type { FleetSpec } from "./spec.ts";
import { createFolder, type FleetFolder, fleetRecordSchema, readState, removeFolder } from "./state.ts";
import { type FleetStatus, statusSchema } from "./supervisor.ts";

const errorSchema = z.object({ message: z.string(), exitCode: z.number(), stack: z.string().nullable() });
const eventSchema = z.union([
  z.object({ progress: z.string() }),
  z.object({ done: z.literal(true) }),
  z.object({ error: errorSchema }),
]);

/** What there is of a fleet: null where nothing is; `supervisor: null` where it runs on its own. */
export async function fleetStatus(folder: FleetFolder): Promise<FleetStatus | null> {
  const status = await ask(folder, "GET", "/status");
  if (status) return statusSchema.parse(status);
  const record = await readState(folder.record, fleetRecordSchema, folder.fleet);
  if (!record) return null;
  const instances = await drivers[record.spec.driver].create(folder).observe();
  return { ...record, instances, replaced: 0, supervisor: null };
}

/** The status of a fleet that has to be up; otherwise an error that says how to bring it up. */
export async function runningFleet(folder: FleetFolder): Promise<FleetStatus> {
  const status = await fleetStatus(folder);
  if (status) return status;
  const flag = folder.fleet === "default" ? "" : ` --fleet ${folder.fleet}`;
  throw new UserError(`The fleet "${folder.fleet}" isn't up: bring it up with \`lbctl up${flag}\`.`);
}

/**
 * Makes a fleet as asked, starting its supervisor where there is none, and returns when it is healthy. An abort rolls
 * back before this rejects.
 */
export async function applySpec(
  folder: FleetFolder,
  spec: FleetSpec,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await startSupervisor(folder, signal);
  const abort = () => void ask(folder, "POST", "/abort").catch(() => {});
  signal.addEventListener("abort", abort);
  await using client = connect(folder);
  try {
    const answer = await client.request({ method: "PUT", path: "/spec", body: JSON.stringify(spec) });
    for await (const text of createInterface({ input: answer.body })) {
      const event = eventSchema.parse(JSON.parse(text));
      if ("progress" in event) progress(event.progress);
      if ("error" in event) throw remoteError(event.error);
      if ("done" in event) return;
    }
    throw new UserError("The supervisor ended in the middle of its work: run `lbctl up` again, or `lbctl down`.");
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Runs an experiment on an instance: kills, pauses or resumes it. */
export async function experiment(folder: FleetFolder, name: string, what: Experiment): Promise<void> {
  if (!(await ask(folder, "POST", "/experiment", { name, what })))
    throw new UserError("The fleet's supervisor isn't running: `lbctl up` starts it again.");
}

/** Ends a fleet and removes all that is left of it, with or without a supervisor; false when there was nothing. */
export async function removeFleet(folder: FleetFolder): Promise<boolean> {
  const stopped = await ask(folder, "POST", "/stop");
  if (stopped) {
    await waitUntil(async () => !(await supervisorAlive(folder)), {
      timeoutMs: 20_000,
      signal: new AbortController().signal,
      onTimeout: () => new UserError("The supervisor did not end; run `lbctl down` again."),
    });
  }
  const left = await access(folder.path).then(
    () => true,
    () => false,
  );
  if (left) await removeLeftovers(folder);
  return stopped !== null || left;
}

/** With no supervisor to ask and perhaps no readable record, every driver removes what it finds of this fleet. */
async function removeLeftovers(folder: FleetFolder): Promise<void> {
  const record = await readState(folder.record, fleetRecordSchema, folder.fleet).catch(() => null);
  const possible = record ? [record.spec.driver] : (Object.keys(drivers) as (keyof typeof drivers)[]);
  for (const name of possible) await drivers[name].create(folder).remove();
  await removeFolder(folder);
}

async function supervisorAlive(folder: FleetFolder): Promise<boolean> {
  const identity = await readState(folder.supervisor, processIdentitySchema, folder.fleet).catch(() => null);
  return identity !== null && (await isAlive(identity));
}

async function startSupervisor(folder: FleetFolder, signal: AbortSignal): Promise<void> {
  if (await ask(folder, "POST", "/ping").then((answer) => answer !== null)) return;
  await createFolder(folder);
  // A record that can't be read stops us here, before anything is started.
  await readState(folder.record, fleetRecordSchema, folder.fleet);
  const log = join(folder.logs, "supervisor.log");
  const script = join(packageRoot, "dist/src/fleet/supervisor-main.js");
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const identity = await startDaemon(script, [folder.fleet], env, log);
  await waitUntil(async () => (await ask(folder, "POST", "/ping")) !== null, {
    timeoutMs: identity ? 10_000 : 0,
    signal,
    onTimeout: () => new UserError(`The fleet's supervisor did not start: see ${log}.`),
  });
}

const connect = (folder: FleetFolder): Client & AsyncDisposable => {
  const client = new Client("http://supervisor", { socketPath: folder.socket, headersTimeout: 0, bodyTimeout: 0 });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.destroy() });
};

/** Asks the supervisor; null when there is none. */
async function ask(folder: FleetFolder, method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<unknown> {
  await using client = connect(folder);
  const request = { method, path, body: body === undefined ? null : JSON.stringify(body) };
  const answer = await client.request(request).catch(() => null);
  if (!answer) return null;
  const value: unknown = JSON.parse((await answer.body.text()) || "{}");
  if (answer.statusCode < 400) return value;
  throw remoteError(z.object({ error: errorSchema }).parse(value).error);
}

/** An error of the supervisor's, as if it had been thrown here. */
function remoteError({ message, exitCode, stack }: z.infer<typeof errorSchema>): Error {
  if (stack) return Object.assign(new Error(message), { stack });
  return new UserError(message, exitCode as UserError["exitCode"]);
}
