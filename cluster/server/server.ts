import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { type Endpoint, gracefulClose, listen } from "../listen.ts";
import { badRequest, handlerFor } from "./routes.ts";

export interface ServerOptions extends Endpoint {
  /** The server's identity: sent as `X-Served-By` with every response. */
  readonly name: string;
}

export interface RunningServer {
  readonly port: number;
  /** Stops accepting, lets requests in flight end (8 s at most), closes every connection. */
  close(): Promise<void>;
}

/** Shorter than the ten seconds after which container engines kill. */
const DRAIN_MS = 8_000;

/** The keep-alive time is longer than a balancer's, so that it is the balancer that closes, and never mid-request. */
const limits = { keepAliveTimeout: 75_000, requestTimeout: 0, requireHostHeader: false };

/** Starts one of the identical, stateless servers. Rejects with the system's error when the port is taken. */
export async function startServer({ name, host, port }: ServerOptions): Promise<RunningServer> {
  const server = createServer(limits, handlerFor(name));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => reject(error, socket, name));
  server.on("connect", (_request, socket: Duplex) => reject(new Error("CONNECT"), socket, name));
  const close = gracefulClose(server);
  const actual = await listen(server, { host, port });
  return { port: actual, close: () => close(DRAIN_MS) };
}

/** Answers what is not HTTP, and never lets it reach anything else. */
function reject(error: NodeJS.ErrnoException, socket: Duplex, name: string): void {
  socket.on("error", () => socket.destroy());
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else socket.end(badRequest(error, name), () => socket.destroy());
}
