import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as z from "zod";
import { codeOf, environmentError, UserError, usageError } from "../errors.ts";
import { fleetSpecSchema } from "./spec.ts";

/** What the state folder says of a fleet: enough to find, adopt or remove it when its supervisor is gone. */
export const fleetRecordSchema = z.object({
  schemaVersion: z.literal(1),
  fleet: z.string(),
  createdAt: z.string(),
  spec: fleetSpecSchema,
});
export type FleetRecord = z.infer<typeof fleetRecordSchema>;

/** The files of one fleet. The folder has mode 0700: only its owner reaches the supervisor's socket and the token. */
export interface FleetFolder {
  readonly fleet: string;
  /** The folder of all fleets. */
  readonly home: string;
  readonly path: string;
  readonly record: string;
  readonly token: string;
  readonly socket: string;
  readonly processes: string;
  readonly supervisor: string;
  readonly compose: string;
  readonly logs: string;
}

/** `$LBCTL_HOME`, else `$XDG_STATE_HOME/lbctl`, else `~/.local/state/lbctl`; absolute. */
export function stateHome(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.LBCTL_HOME || join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "lbctl"));
}

const fleetName = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** Where a fleet's files are. A name that is no plain word is a usage error: it becomes part of paths and container names. */
export function fleetFolder(fleet: string): FleetFolder {
  if (!fleetName.test(fleet))
    throw usageError(
      `--fleet takes up to 32 of a-z, 0-9, "-" and "_", beginning with a letter or digit, not "${fleet}".`,
    );
  const home = stateHome();
  const path = join(home, fleet);
  const file = (name: string) => join(path, name);
  const socket = file("supervisor.sock");
  // A Unix socket's path has 104 bytes on macOS and 108 on Linux, its end included.
  if (Buffer.byteLength(socket) > 103)
    throw environmentError(
      `The state folder's path is too long for a socket (${socket}): set LBCTL_HOME to a shorter one.`,
    );
  return {
    fleet,
    home,
    path,
    socket,
    record: file("fleet.json"),
    token: file("token"),
    processes: file("processes.json"),
    supervisor: file("supervisor.json"),
    compose: file("compose.json"),
    logs: file("logs"),
  };
}

/** What a command needs to name a fleet: nothing for the default one. */
export const fleetFlag = (fleet: string): string => (fleet === "default" ? "" : ` --fleet ${fleet}`);

/** Makes the folder and the fleet's token, unless they are there. */
export async function createFolder(folder: FleetFolder): Promise<void> {
  try {
    await mkdir(folder.logs, { recursive: true, mode: 0o700 });
    await chmod(folder.path, 0o700);
    await writeFile(folder.token, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    throw environmentError(
      `The state folder ${folder.path} can't be written (${codeOf(error)}): set LBCTL_HOME to one that can.`,
      {
        cause: error,
      },
    );
  }
}

/** Removes everything of a fleet from the disk; what somebody else put into its folder stays there. */
export async function removeFolder(folder: FleetFolder): Promise<void> {
  const { record, token, socket, processes, supervisor, compose, logs } = folder;
  for (const file of [logs, socket, processes, compose, supervisor, record, token]) {
    await rm(file, { recursive: true, force: true });
    await rm(`${file}.new`, { recursive: true, force: true });
  }
  await rmdir(folder.path).catch(() => {});
}

/** Whether a folder is a fleet's: it has a token or a record of ours. */
export async function isFleet(path: string): Promise<boolean> {
  const names: string[] = await readdir(path).catch(() => []);
  return names.includes("token") || names.includes("fleet.json");
}

/** The names of the fleets that have a state folder. */
export async function listFleets(): Promise<string[]> {
  const home = stateHome();
  const names = (await readdir(home).catch(() => [])).filter((name) => fleetName.test(name));
  const fleets = await Promise.all(names.map((name) => isFleet(join(home, name))));
  return names.filter((_, i) => fleets[i]);
}

export const readToken = async (folder: FleetFolder): Promise<string> => (await readFile(folder.token, "utf8")).trim();

/**
 * Reads a JSON file of the state folder; null where there is none. One that can't be parsed, or is not what we
 * write, is an error that says how to get rid of it.
 */
export async function readState<T>(file: string, schema: z.ZodType<T>, fleet: string): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const which = fleetFlag(fleet);
    throw new UserError(
      `The state file ${file} is corrupt: run \`lbctl down${which}\` to clear it, then \`lbctl up${which}\`.`,
      1,
      {
        cause,
      },
    );
  }
}

/** Writes a JSON file of the state folder whole or not at all. */
export async function writeState(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
