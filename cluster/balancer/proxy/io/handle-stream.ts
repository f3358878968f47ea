import { getSystemErrorName } from "node:util";
import type { Endpoint } from "../../../listen.ts";
import { type Bindings, bindings, type Request, type TcpHandle } from "./bindings.ts";
import { giveBuffer } from "./buffers.ts";
import { type ByteStream, noHandler, SATURATION_BYTES, type StreamHandler } from "./stream.ts";

/** Every stream reads into this. What arrives is used or copied before anything else is read. */
const shared = Buffer.allocUnsafeSlow(65_536);
/** Its beginnings up to this length are kept, once made: most messages are short, and as long as one before. */
const LONGEST_KEPT = 2_048;
const beginnings: (Buffer | undefined)[] = Array.from({ length: LONGEST_KEPT + 1 });

/** Returns the first `length` bytes of `shared`. */
function beginning(length: number): Buffer {
  if (length > LONGEST_KEPT) return shared.subarray(0, length);
  const kept = beginnings[length];
  if (kept !== undefined) return kept;
  const made = shared.subarray(0, length);
  beginnings[length] = made;
  return made;
}

/** Error numbers of libuv. */
const END_OF_FILE = -4095;
const NOT_CONNECTED = -107;
/** `shutdown` was done at once. */
const DONE_AT_ONCE = 1;

const native = bindings as Bindings;
const owner = Symbol("owner");
type Owned<T> = T & { [owner]?: HandleStream };

/** A request to write that is free: most writes are over when the call returns, and use it again. */
let spareRequest: Request | null = null;

/** A byte stream on a libuv handle, without `net.Socket` in between. */
export class HandleStream implements ByteStream {
  handler: StreamHandler = noHandler;
  bytesRead = 0;
  bytesWritten = 0;
  isDestroyed = false;
  isSaturated = false;
  readonly #handle: Owned<TcpHandle>;
  #writes = 0;
  /** Writes that libuv has not finished. */
  #unfinished = 0;
  #isEnded = false;
  #isWriteFailed = false;

  /** Takes a connected handle that nobody reads from. */
  constructor(handle: TcpHandle) {
    this.#handle = handle;
    this.#handle[owner] = this;
    handle.onread = onRead;
    handle.useUserBuffer(shared);
    handle.readStart();
  }

  get pendingBytes(): number {
    return this.#unfinished === 0 || this.isDestroyed ? 0 : this.#handle.writeQueueSize;
  }

  write(text: string): void {
    if (this.#isUnwritable()) return;
    const request = spareRequest ?? new native.WriteWrap();
    spareRequest = null;
    this.#afterWrite(request, this.#handle.writeLatin1String(request, text), text.length, null);
  }

  writeBuffer(buffer: Buffer, length: number): void {
    if (this.#isUnwritable()) {
      giveBuffer(buffer);
      return;
    }
    const request = spareRequest ?? new native.WriteWrap();
    spareRequest = null;
    this.#afterWrite(request, this.#handle.writeBuffer(request, buffer.subarray(0, length)), length, buffer);
  }

  /** Also turns off Nagle's algorithm before the second write: the first never waits, and many connections have but one. */
  #isUnwritable(): boolean {
    this.#writes += 1;
    if (this.#writes === 2 && !this.isDestroyed) this.#handle.setNoDelay(true);
    return this.isDestroyed || this.#isWriteFailed;
  }

  #afterWrite(request: Owned<Request>, result: number | Request, length: number, buffer: Buffer | null): void {
    const { streamBaseState, kLastWriteErr, kLastWriteWasAsync } = native;
    const error =
      typeof result === "number" ? result : kLastWriteErr === undefined ? 0 : streamBaseState[kLastWriteErr];
    if (error === 0 && streamBaseState[kLastWriteWasAsync] !== 0) {
      this.bytesWritten += length;
      request[owner] = this;
      request.buffer = buffer;
      request.oncomplete = onWritten;
      this.#unfinished += 1;
      this.isSaturated = this.#handle.writeQueueSize > SATURATION_BYTES;
      return;
    }
    spareRequest = request;
    if (buffer !== null) giveBuffer(buffer);
    if (error === 0) this.bytesWritten += length;
    else this.#failWrite(error as number);
  }

  /** Reports a failed write once the caller has returned, as it does those that fail later. */
  #failWrite(error: number): void {
    if (this.#isWriteFailed) return;
    this.#isWriteFailed = true;
    process.nextTick(() => {
      if (!this.isDestroyed) this.handler.onError(getSystemErrorName(error), "write");
    });
  }

  /** Called by libuv. */
  writeEnded(status: number): void {
    this.#unfinished -= 1;
    if (this.isDestroyed) return;
    if (status < 0) this.#failWrite(status);
    else if (this.#unfinished === 0 && this.isSaturated) {
      this.isSaturated = false;
      this.handler.onDrain();
    }
  }

  end(): void {
    if (this.isDestroyed) return;
    const request = new native.ShutdownWrap();
    const finish = (): void => {
      if (!this.isDestroyed) this.handler.onFinish();
    };
    request.oncomplete = finish;
    const result = this.#handle.shutdown(request);
    if (result === DONE_AT_ONCE || result < 0) process.nextTick(finish);
  }

  pause(): void {
    if (!this.isDestroyed) this.#handle.readStop();
  }

  resume(): void {
    if (!this.isDestroyed && !this.#isEnded) this.#handle.readStart();
  }

  /** Called by libuv with a number of bytes, or a negative error number. */
  readEnded(count: number): void {
    if (this.isDestroyed || count === 0) return;
    if (count > 0) {
      this.bytesRead += count;
      this.handler.onData(beginning(count));
      return;
    }
    this.#isEnded = true;
    if (count === END_OF_FILE) this.handler.onEnd();
    else this.handler.onError(getSystemErrorName(count), "read");
  }

  isReset(): boolean {
    return !this.isDestroyed && this.#handle.getpeername({}) === NOT_CONNECTED;
  }

  localAddress(): Endpoint | null {
    const name: { address?: string; port?: number } = {};
    if (this.isDestroyed || this.#handle.getsockname(name) !== 0) return null;
    return { host: name.address ?? "", port: name.port ?? 0 };
  }

  remoteAddress(): string | null {
    const name: { address?: string } = {};
    return this.isDestroyed || this.#handle.getpeername(name) !== 0 ? null : (name.address ?? null);
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.#handle.close();
  }

  reset(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    // It fails while an end is under way.
    if (this.#handle.reset(() => {}) !== 0) this.#handle.close();
  }
}

function onRead(this: Owned<TcpHandle>): void {
  this[owner]?.readEnded(native.streamBaseState[native.kReadBytesOrError] ?? 0);
}

function onWritten(this: Owned<Request>, status: number): void {
  if (this.buffer) giveBuffer(this.buffer);
  this.buffer = null;
  this[owner]?.writeEnded(status);
}

/**
 * Connects a handle to an IP address. Calls `done` once, later, with a stream or a system code; never after the function
 * returned was called, which gives up.
 */
export function connectHandle(
  { host, port }: Endpoint,
  done: (stream: HandleStream | null, code: string) => void,
): () => void {
  const handle = new native.TCP(native.constants.SOCKET);
  const request = new native.TCPConnectWrap();
  let isOver = false;
  const finish = (status: number): void => {
    if (isOver) return;
    isOver = true;
    if (status === 0) done(new HandleStream(handle), "");
    else {
      handle.close();
      done(null, getSystemErrorName(status));
    }
  };
  request.oncomplete = finish;
  const error = host.includes(":") ? handle.connect6(request, host, port) : handle.connect(request, host, port);
  if (error !== 0) process.nextTick(() => finish(error));
  return () => {
    if (isOver) return;
    isOver = true;
    handle.close();
  };
}
