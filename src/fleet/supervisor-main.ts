import { link, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import * as z from "zod";
import { codeOf, ExitCode, UserError } from "../errors.ts";
import { drivers } from "./drivers/index.ts";
import { identify, isAlive, processIdentitySchema } from "./process-identity.ts";
import { fleetSpecSchema } from "./spec.ts";
import { type FleetFolder, fleetFolder, fleetRecordSchema, readState } from "./state.ts";
import { createSupervisor, log, StaleError, type Supervisor } from "./supervisor.ts";

// The background process that keeps one fleet: its argument is the fleet's name. The CLI talks to it over HTTP on a
// Unix socket in the fleet's folder, which nobody but the owner can enter.

/** A line of the stream that responds to `PUT /spec`; the last one is `done`, `stale` or `error`. */
type ApplyEvent = { progress: string } | { done: true } | { stale: true } | { error: ErrorText };

interface ErrorText {
  readonly message: string;
  readonly exitCode: number;
  readonly stack: string | null;
}

const experimentSchema = z.object({ name: z.string(), what: z.enum(["kill", "pause", "resume"]) });
const changeSchema = z.object({ spec: fleetSpecSchema, version: z.number() });

/** What an exchange needs: the supervisor, and the changes under way by the id that the CLI gave them. */
interface RequestContext {
  readonly supervisor: Supervisor;
  readonly changes: Map<string, AbortController>;
}

async function main(folder: FleetFolder): Promise<void> {
  if (!(await claim(folder))) return;
  const record = await readState(folder.record, fleetRecordSchema, folder.fleet);
  const server = createServer((request, response) => {
    handle(context, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(error instanceof UserError ? 400 : 500);
      response.end(toLine({ error: errorText(error) }));
    });
  });
  const supervisor = createSupervisor({
    folder,
    driverOf: (spec) => drivers[spec.driver].create(folder),
    record,
    onEnd: () => server.close(),
  });
  const context: RequestContext = { supervisor, changes: new Map() };
  await rm(folder.socket, { force: true });
  server.listen(folder.socket);
  // The fleet goes on without its supervisor, and the next `lbctl up` adopts it; but nothing is left half done.
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => void supervisor.settled().finally(() => process.exit(0)));
  process.on("SIGHUP", () => {});
  process.on("unhandledRejection", log);
}

/** Makes this process the fleet's only supervisor; false when another one is alive. */
async function claim(folder: FleetFolder): Promise<boolean> {
  const mine = `${folder.supervisor}.${process.pid}`;
  await writeFile(mine, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
  try {
    // A link appears whole or not at all.
    while (!(await linked(mine, folder.supervisor))) if (await isHeldByLive(folder)) return false;
    return true;
  } finally {
    await rm(mine, { force: true });
  }
}

const linked = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    },
  );

/** Returns true when a live supervisor holds the claim; the claim of one that has ended is removed. */
async function isHeldByLive(folder: FleetFolder): Promise<boolean> {
  const aside = { ...folder, supervisor: `${folder.supervisor}.stale-${process.pid}` };
  if (await claimIsLive(folder)) return true;
  await rename(folder.supervisor, aside.supervisor).catch(() => {});
  // Between the look and the move another may have made a claim of its own: it gets it back.
  const live = await claimIsLive(aside);
  if (live) await linked(aside.supervisor, folder.supervisor);
  await rm(aside.supervisor, { force: true });
  return live;
}

async function claimIsLive(folder: FleetFolder): Promise<boolean> {
  const other = await readState(folder.supervisor, processIdentitySchema, folder.fleet).catch(() => null);
  return other !== null && (await isAlive(other));
}

async function handle(context: RequestContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { supervisor, changes } = context;
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://supervisor");
  const id = searchParams.get("id") ?? "";
  switch (`${request.method} ${pathname}`) {
    case "POST /ping":
      break;
    case "PUT /spec":
      return await change(context, id, request, response);
    case "POST /abort":
      interrupt(changes.get(id));
      break;
    case "POST /stop":
      for (const one of changes.values()) interrupt(one);
      await supervisor.stop();
      break;
    case "POST /experiment": {
      const { name, what } = experimentSchema.parse(await json(request));
      await supervisor.experiment(name, what);
      break;
    }
    case "GET /status":
      response.end(JSON.stringify(await supervisor.status()));
      return;
    default:
      response.writeHead(404);
  }
  response.end("{}");
}

async function change(
  { supervisor, changes }: RequestContext,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const interrupted = new AbortController();
  changes.set(id, interrupted);
  // Whoever asked went away (its terminal was closed): as if it had been interrupted.
  response.on("close", () => interrupt(interrupted));
  try {
    const { spec, version } = changeSchema.parse(await json(request));
    await supervisor.apply(spec, version, (progress) => response.write(toLine({ progress })), interrupted.signal);
    response.end(toLine({ done: true }));
  } catch (error) {
    response.end(toLine(error instanceof StaleError ? { stale: true } : { error: errorText(error) }));
  } finally {
    changes.delete(id);
  }
}

const interrupt = (change: AbortController | undefined): void =>
  change?.abort(new UserError("Interrupted: what was begun is rolled back.", ExitCode.interrupted));

const toLine = (event: ApplyEvent): string => `${JSON.stringify(event)}\n`;

function errorText(error: unknown): ErrorText {
  if (error instanceof UserError) return { message: error.message, exitCode: error.exitCode, stack: null };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, exitCode: ExitCode.failed, stack: stack ?? null };
}

await main(fleetFolder(process.argv[2] ?? ""));
