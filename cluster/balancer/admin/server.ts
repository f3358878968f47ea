/** The control port: where the supervisor and the command line see and change what the balancer does. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { inspect } from "node:util";
import * as z from "zod";
import { PlacementError } from "../../../src/placement/index.ts";
import { type Endpoint, gracefulClose, listen } from "../../listen.ts";
import { ConfigError, isWildcard } from "../config/address.ts";
import { authorize, ControlError } from "./auth.ts";
import { readJson } from "./body.ts";
import { classroomError } from "./classroom.ts";
import type { ControlContext, ControlResponse, Route } from "./route.ts";
import { routes } from "./routes.ts";
import { ScaleRequests } from "./scale-requests.ts";
import type { ErrorBody } from "./schema.ts";
import { EventStreams } from "./streams.ts";

export interface ControlOptions extends Omit<ControlContext, "streams" | "scaleRequests"> {
  readonly control: Endpoint;
  readonly token: string;
  readonly headTimeoutMs: number;
}

export interface RunningControl {
  readonly port: number;
  close(): Promise<void>;
}

const limits = { requestTimeout: 30_000, connectionsCheckingInterval: 1_000, requireHostHeader: false };

/** Starts the control port; rejects with the system's error when the port is taken. */
export async function startControl(options: ControlOptions): Promise<RunningControl> {
  const streams = new EventStreams(options.events);
  const context: ControlContext = { ...options, streams, scaleRequests: new ScaleRequests(streams) };
  const admitted = (request: IncomingMessage): void =>
    authorize(request, options.token, isWildcard(options.control.host));
  // The whole of a request may take no less than its head.
  const requestTimeout = Math.max(limits.requestTimeout, options.headTimeoutMs);
  const limited = { ...limits, requestTimeout, headersTimeout: options.headTimeoutMs };
  const server = createServer(limited, (request, response) => void respond(context, admitted, request, response));
  const close = gracefulClose(server);
  const port = await listen(server, options.control);
  return {
    port,
    close: () => {
      streams.close();
      return close(1_000);
    },
  };
}

/** Responds to one request. Never rejects: what goes wrong becomes the response. */
async function respond(
  context: ControlContext,
  admitted: (request: IncomingMessage) => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => response.destroy());
  let route: Route | undefined;
  try {
    admitted(request);
    const url = urlOf(request);
    route = findRoute(request.method, url.pathname);
    const params = (route.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
    const body = await readJson(request);
    const result = await route.handle({ context, params, query: url.searchParams, body, response });
    if (result !== null) send(response, result);
  } catch (error) {
    // The client has left in the middle of its body.
    if (request.destroyed && !request.complete) return;
    const result = errorResponse(error, route);
    if (result.status === 500) context.events.emit({ type: "defect", reason: inspect(error) });
    send(response, result);
  }
  // A body that was not read, or too large to be: the rest is dropped.
  if (!request.complete) request.resume();
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  if (URL.canParse(url, "http://control")) return new URL(url, "http://control");
  throw new ControlError(400, "target", "The request's target cannot be read.");
}

function findRoute(method: string | undefined, path: string): Route {
  const here = routes.filter((route) => route.path.test(path));
  const found = here.find((route) => route.method === method);
  if (found !== undefined) return found;
  if (here.length === 0) throw new ControlError(404, "not-found", `There is nothing at ${path}.`);
  throw new ControlError(405, "method", `${path} takes ${here.map((route) => route.method).join(", ")}.`);
}

function errorResponse(error: unknown, route: Route | undefined): ControlResponse {
  const { status, reason, message } = explain(error);
  if (route?.classroom) return classroomError(status, message);
  return { status, body: { error: { reason, message } } satisfies ErrorBody };
}

function explain(error: unknown): Pick<ControlError, "status" | "reason" | "message"> {
  if (error instanceof ControlError) return error;
  if (error instanceof PlacementError || error instanceof ConfigError)
    return { status: 400, reason: "invalid", message: error.message };
  if (error instanceof z.ZodError) return { status: 400, reason: "invalid", message: firstIssue(error) };
  if (error instanceof URIError) return { status: 400, reason: "target", message: "The path is badly encoded." };
  return { status: 500, reason: "internal", message: "The balancer failed to do this." };
}

function firstIssue({ issues: [issue] }: z.ZodError): string {
  const where = issue?.path.join(".") ?? "";
  return where === "" ? String(issue?.message) : `${where}: ${issue?.message}`;
}

function send(response: ServerResponse, { status, body, type = "application/json" }: ControlResponse): void {
  if (response.headersSent || response.destroyed) return;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}
