import { Socket, type SocketConstructorOpts } from "node:net";

/** What comes from any client is read into this, and used or copied before anything else is read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** Sockets have these, and their constructor takes them, in every release of Node; their types do not tell. */
interface WithHandle {
  _handle?: object | null;
}
type HandleOptions = SocketConstructorOpts & { readonly handle: object; readonly onread: object };

/**
 * The same connection as `socket`, which has read nothing, but all that comes is handed to `onRead` in one buffer that
 * is used again. Node offers that (`onread`) for sockets that connect, not for those that are accepted, whose every read
 * costs 64 KiB of garbage. Where the handle cannot be had, the socket is read as any other.
 */
export function readShared(socket: Socket, onRead: (bytes: Buffer) => void): Socket {
  const from: WithHandle = socket as unknown as WithHandle;
  const handle = from._handle;
  if (typeof handle !== "object" || handle === null) return socket.on("data", onRead).resume();
  const callback = (length: number): boolean => {
    onRead(shared.subarray(0, length));
    return true;
  };
  from._handle = null;
  socket.destroy();
  const options: HandleOptions = { handle, allowHalfOpen: true, onread: { buffer: shared, callback } };
  return new Socket(options);
}
