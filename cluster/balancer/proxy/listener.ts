/** Where a data plane has its connections from. */
import { createServer } from "node:net";
import { type Endpoint, listen } from "../../listen.ts";
import { bindings, type TcpHandle } from "./io/bindings.ts";
import type { Accepted } from "./io/connect.ts";

export { type Accepted, closeAccepted } from "./io/connect.ts";

interface ListeningHandle {
  onconnection?: (error: number, accepted?: TcpHandle) => void;
}

/** Something that connections come from. */
export interface Listener {
  readonly port: number;
  /** Resolves when no more of them come. */
  close(): Promise<void>;
}

/**
 * Listens, and gives each connection to `take`; rejects with the system's error when the port is taken. `"shared"`: others may
 * listen there too, if they say the same (SO_REUSEPORT, from Node 22.12 on; older ones listen alone).
 */
export async function listenFor(
  at: Endpoint,
  take: (accepted: Accepted) => void,
  port: "alone" | "shared" = "alone",
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, take);
  const bound = await listen(server, at, port === "shared");
  if (bindings !== null) takeHandles((server as unknown as { _handle?: ListeningHandle | null })._handle, take);
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/** Gives the handles of connections to `take`, before a socket is made of each. */
function takeHandles(listening: ListeningHandle | null | undefined, take: (accepted: Accepted) => void): void {
  const usual = listening?.onconnection;
  if (!listening || usual === undefined) return;
  listening.onconnection = (error, accepted) => {
    if (error !== 0 || accepted === undefined) usual.call(listening, error, accepted);
    else take(accepted);
  };
}
