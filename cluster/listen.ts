import type { Server as HttpServer, ServerResponse } from "node:http";
import type { ListenOptions, Server, Socket } from "node:net";

/** Where a server listens, or is reached. Port 0 means any free one. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Starts to listen and resolves to the port; rejects with the system's error (`EADDRINUSE`, …). `reusePort`: others that say so
 * too may listen there.
 */
export function listen(server: Server, at: Endpoint, reusePort = false): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The types of Node 20 do not know it.
    const options: ListenOptions & { reusePort: boolean } = { host: at.host, port: at.port, backlog: 4096, reusePort };
    server.listen(options, () => {
      server.off("error", reject);
      // From here on an error is that of one connection that could not be accepted.
      server.on("error", () => {});
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : at.port);
    });
  });
}

/**
 * Follows a server's connections from its beginning. Returns the function that closes it: it stops accepting, cuts each
 * connection that has no request, lets requests in flight end, and cuts what is left after `deadlineMs`.
 * Resolves when the last connection is gone.
 */
export function gracefulClose(server: HttpServer): (deadlineMs: number) => Promise<void> {
  /** The last response of each connection, which is sent after all others; null before the first. */
  const last = new Map<Socket, ServerResponse | null>();
  server.on("connection", (socket) => {
    last.set(socket, null);
    socket.once("close", () => last.delete(socket));
  });
  server.on("request", ({ socket }, response) => last.set(socket, response));
  const cutIdle = (): void => {
    for (const [socket, response] of last) if (response === null || response.writableFinished) socket.destroy();
  };
  const cutAll = (): void => {
    for (const socket of last.keys()) socket.destroy();
  };
  return (deadlineMs) =>
    new Promise((resolve) => {
      // Not this instant: the first request of a new connection may be on its way. Others fall idle later.
      const sweep = setInterval(cutIdle, 20);
      const deadline = setTimeout(cutAll, deadlineMs);
      server.close(() => {
        clearInterval(sweep);
        clearTimeout(deadline);
        resolve();
      });
    });
}

/** One line for a failure to listen that says what to do; null when the error is another one. */
export function explainListenError(error: unknown, variable: string): string | null {
  if (!(error instanceof Error) || !("code" in error) || !("port" in error)) return null;
  if (error.code === "EADDRINUSE")
    return `port ${error.port} is taken by another process: stop it, or set ${variable} to another port`;
  if (error.code === "EACCES")
    return `port ${error.port} may not be used by this user: set ${variable} to one above 1023`;
  if (error.code === "EADDRNOTAVAIL") return `this machine does not have the address in ${variable}`;
  return null;
}
