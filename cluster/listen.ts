import type { Server as HttpServer } from "node:http";
import type { Server } from "node:net";

/** Where a server listens, or is reached. Port 0 means any free one. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Starts to listen and resolves to the port; rejects with the system's error (`EADDRINUSE`, …). */
export function listen(server: Server, at: Endpoint): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: at.host, port: at.port, backlog: 4096 }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : at.port);
    });
  });
}

/**
 * Stops accepting, lets requests in flight end, and closes each connection as it falls idle. What is
 * left after `deadlineMs` is cut. Resolves when the last connection is gone.
 */
export function closeGracefully(server: HttpServer, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    // Node closes the connections that are idle now, but not those that fall idle later.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
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
