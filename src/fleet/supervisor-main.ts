import { rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { ExitCode, UserError } from "../errors.ts";
import { drivers } from "./drivers/index.ts";
import { identify, isAlive, processIdentitySchema } from "./process-identity.ts";
import { fleetSpecSchema } from "./spec.ts";
import { codeOf, type FleetFolder, fleetFolder, fleetRecordSchema, readState } from "./state.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

// The background process that keeps one fleet: its argument is the fleet's name. The CLI talks to it over HTTP on a
// Unix socket in the fleet's folder, which nobody but the owner can enter.

/** A line of the stream that answers `PUT /spec`; the last one is `done` or `error`. */
export type ApplyEvent =
  | { progress: string }
  | { done: true }
  | { error: { message: string; exitCode: number; stack: string | null } };

const experimentSchema = z.object({ name: z.string(), what: z.enum(["kill", "pause", "resume"]) });

async function main(folder: FleetFolder): Promise<void> {
  if (!(await claim(folder))) return;
  const record = await readState(folder.record, fleetRecordSchema, folder.fleet);
  const supervisor = createSupervisor(folder, (spec) => drivers[spec.driver].create(folder), record);
  await rm(folder.socket, { force: true });
  const applying = new Set<AbortController>();
  const server = createServer((request, response) => {
    answer(supervisor, applying, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(error instanceof UserError ? 400 : 500);
      response.end(line({ error: described(error) }));
    });
  });
  server.listen(folder.socket);
  server.on("request", (_, response: ServerResponse) =>
    response.on("close", () => {
      if (supervisor.ended) server.close();
    }),
  );
  // The fleet goes on without its supervisor; the next `lbctl up` adopts it.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
  process.on("SIGHUP", () => {});
}

/** Makes this process the fleet's only supervisor; false when another one is alive. */
async function claim(folder: FleetFolder): Promise<boolean> {
  const mine = JSON.stringify(await identify(process.pid));
  for (;;) {
    try {
      await writeFile(folder.supervisor, mine, { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const other = await readState(folder.supervisor, processIdentitySchema, folder.fleet).catch(() => null);
    if (other && (await isAlive(other))) return false;
    await rm(folder.supervisor, { force: true });
  }
}

async function answer(
  supervisor: Supervisor,
  applying: Set<AbortController>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abortAll = () => {
    for (const one of applying) one.abort(new UserError("Interrupted.", ExitCode.interrupted));
  };
  switch (`${request.method} ${request.url}`) {
    case "PUT /spec":
      return apply(supervisor, applying, request, response);
    case "POST /ping":
      break;
    case "POST /abort":
      abortAll();
      break;
    case "POST /stop":
      abortAll();
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

async function apply(
  supervisor: Supervisor,
  applying: Set<AbortController>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const spec = fleetSpecSchema.parse(await json(request));
  const interrupted = new AbortController();
  applying.add(interrupted);
  // Whoever asked went away (its terminal was closed): as if it had been interrupted.
  response.on("close", () => interrupted.abort(new UserError("Interrupted.", ExitCode.interrupted)));
  try {
    await supervisor.apply(spec, (progress) => response.write(line({ progress })), interrupted.signal);
    response.end(line({ done: true }));
  } catch (error) {
    response.end(line({ error: described(error) }));
  } finally {
    applying.delete(interrupted);
  }
}

const line = (event: ApplyEvent): string => `${JSON.stringify(event)}\n`;

function described(error: unknown): { message: string; exitCode: number; stack: string | null } {
  if (error instanceof UserError) return { message: error.message, exitCode: error.exitCode, stack: null };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, exitCode: ExitCode.failed, stack: stack ?? null };
}

await main(fleetFolder(process.argv[2] ?? ""));
