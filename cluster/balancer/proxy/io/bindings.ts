/**
 * Node's own bindings to libuv streams, which `net.Socket` is made of. A socket costs three to four times the CPU of its handle
 * for a short connection. `process.binding` gives them in Node 20 to 26 without a warning; where it does not (under
 * `--permission`), streams are made of sockets (socket-stream.ts).
 */

/** A request to write, shut down or connect. `oncomplete` is called with 0 or a negative error number. */
export interface Request {
  oncomplete: (status: number) => void;
  /** Keeps bytes alive while they are written. */
  buffer?: Buffer | null;
}

/** A libuv TCP handle. Functions return 0 or a negative error number. */
export interface TcpHandle {
  onread: (this: TcpHandle) => void;
  /** Bytes that the kernel has not accepted yet. */
  readonly writeQueueSize: number;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  /** Node 26 returns the request when the write is not over. */
  writeLatin1String(request: Request, text: string): number | Request;
  writeBuffer(request: Request, bytes: Uint8Array): number | Request;
  shutdown(request: Request): number;
  connect(request: Request, address: string, port: number): number;
  connect6(request: Request, address: string, port: number): number;
  setNoDelay(on: boolean): number;
  getsockname(into: { address?: string; port?: number }): number;
  getpeername(into: { address?: string; port?: number }): number;
  reset(done: () => void): number;
  close(done?: () => void): void;
}

interface StreamBinding {
  readonly WriteWrap: new () => Request;
  readonly ShutdownWrap: new () => Request;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
  /** Node 26 and newer. */
  readonly kLastWriteErr?: number;
}
interface TcpBinding {
  readonly TCP: new (type: number) => TcpHandle;
  readonly TCPConnectWrap: new () => Request;
  readonly constants: { readonly SOCKET: number };
}

export type Bindings = StreamBinding & TcpBinding;

/** The bindings; null where this Node does not give them. */
export const bindings: Bindings | null = load();

function load(): Bindings | null {
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  try {
    const stream = binding?.("stream_wrap") as StreamBinding | undefined;
    const tcp = binding?.("tcp_wrap") as TcpBinding | undefined;
    const isKnown =
      stream !== undefined &&
      tcp !== undefined &&
      stream.streamBaseState instanceof Int32Array &&
      typeof stream.kReadBytesOrError === "number" &&
      typeof stream.kLastWriteWasAsync === "number" &&
      "useUserBuffer" in tcp.TCP.prototype;
    return isKnown ? { ...stream, ...tcp } : null;
  } catch {
    return null;
  }
}
