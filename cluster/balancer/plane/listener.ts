/** Where a data plane has its connections from. */
import { createServer, Socket, type SocketConstructorOpts } from "node:net";
import { type Endpoint, listen } from "../../listen.ts";

/** What comes from any client is read into this, and used or copied before anything else is read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** A connection that was accepted and that nobody has read from: its handle, or its socket where that cannot be had. */
export type Accepted = Handle | Socket;

/** Sockets are made of these in every release of Node; its types do not tell. */
interface Handle {
  setNoDelay(on: boolean): void;
  close(): void;
}
interface ListeningHandle {
  onconnection?: (error: number, accepted?: Handle) => void;
}
type HandleOptions = SocketConstructorOpts & { readonly handle: Handle; readonly onread: object };

/** Who takes what comes from a socket: nobody, until it is set. */
export interface Receiver {
  take: (bytes: Buffer) => void;
}

/** Something that connections come from. */
export interface Listener {
  readonly port: number;
  /** No more of them come. */
  close(): Promise<void>;
}

/** Listens, and gives each connection to `take`; rejects with the system's error when the port is taken. */
export async function listenFor(at: Endpoint, take: (accepted: Accepted) => void): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, take);
  const port = await listen(server, at);
  // A socket made by the server could not be read as these are, nor be given to a worker as cheaply.
  const handle = (server as unknown as { _handle?: ListeningHandle | null })._handle;
  const usual = handle?.onconnection;
  if (handle !== undefined && handle !== null && usual !== undefined)
    handle.onconnection = (error, accepted) => {
      if (error !== 0 || accepted === undefined) usual.call(handle, error, accepted);
      else take(accepted);
    };
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/**
 * The socket of a connection, which gives all that comes to `receiver` in one buffer that is used again. Node offers that
 * (`onread`) for sockets that connect, not for those that are accepted, whose every read costs 64 KiB of garbage.
 */
export function openAccepted(accepted: Accepted, receiver: Receiver): Socket {
  if (accepted instanceof Socket) return accepted.on("data", (bytes) => receiver.take(bytes)).resume();
  accepted.setNoDelay(true);
  const callback = (length: number): boolean => {
    receiver.take(shared.subarray(0, length));
    return true;
  };
  const options: HandleOptions = { handle: accepted, allowHalfOpen: true, onread: { buffer: shared, callback } };
  return new Socket(options);
}

/** Lets go of a connection: it ends, unless another process has it by now. */
export function closeAccepted(accepted: Accepted): void {
  if (accepted instanceof Socket) accepted.destroy();
  else accepted.close();
}
