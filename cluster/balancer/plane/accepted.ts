import { type Server, Socket, type SocketConstructorOpts } from "node:net";

/** What comes from any client is read into this, and used or copied before anything else is read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** Who takes what comes from a socket: nobody, until it is set. */
export interface Receiver {
  take: (bytes: Buffer) => void;
}

/** Servers and sockets have these, and the constructor of a socket takes them, in every release of Node; their types do not tell. */
interface ListeningHandle {
  onconnection?: (error: number, accepted?: AcceptedHandle) => void;
}
interface AcceptedHandle {
  setNoDelay(on: boolean): void;
}
type HandleOptions = SocketConstructorOpts & { readonly handle: AcceptedHandle; readonly onread: object };

/**
 * Gives each connection that `server` will accept to `onSocket`, which has to set its receiver. All that comes is handed to
 * that in one buffer that is used again. Node offers such a buffer (`onread`) for sockets that connect, not for those that
 * are accepted, whose every read costs 64 KiB of garbage: so they are made here. Where their handles cannot be had, they
 * are read as any others.
 */
export function acceptShared(server: Server, onSocket: (socket: Socket, receiver: Receiver) => void): void {
  server.on("connection", (socket) => {
    const receiver = newReceiver();
    socket.on("data", (bytes) => receiver.take(bytes));
    onSocket(socket, receiver);
  });
  server.once("listening", () => {
    const handle = (server as unknown as { _handle?: ListeningHandle | null })._handle;
    const usual = handle?.onconnection;
    if (handle === undefined || handle === null || usual === undefined) return;
    handle.onconnection = (error, accepted) => {
      if (error !== 0 || accepted === undefined) usual.call(handle, error, accepted);
      else {
        const receiver = newReceiver();
        onSocket(openShared(accepted, receiver), receiver);
      }
    };
  });
}

const newReceiver = (): Receiver => ({ take: () => {} });

function openShared(handle: AcceptedHandle, receiver: Receiver): Socket {
  const callback = (length: number): boolean => {
    receiver.take(shared.subarray(0, length));
    return true;
  };
  handle.setNoDelay(true);
  const options: HandleOptions = { handle, allowHalfOpen: true, onread: { buffer: shared, callback } };
  return new Socket(options);
}
