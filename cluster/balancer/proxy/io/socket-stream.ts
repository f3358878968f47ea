import { connect, type Socket } from "node:net";
import type { Endpoint } from "../../../listen.ts";
import { codeOf } from "../../config/error-code.ts";
import { giveBuffer } from "./buffers.ts";
import { type ByteStream, noHandler, SATURATION_BYTES, type StreamHandler } from "./stream.ts";

/** A byte stream on a `net.Socket`, for a Node that gives no bindings (see bindings.ts). */
export class SocketStream implements ByteStream {
  handler: StreamHandler = noHandler;
  bytesWritten = 0;
  isSaturated = false;
  readonly #socket: Socket;
  #unfinished = 0;
  #isFailed = false;

  /** Takes a connected socket, made with `allowHalfOpen`, that nobody reads from. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.isDestroyed || this.handler.onData(bytes));
    socket.on("end", () => this.isDestroyed || this.handler.onEnd());
    socket.on("finish", () => this.isDestroyed || this.handler.onFinish());
    // A socket destroys itself when it fails: bytes that the peer sent before are lost, unlike with a handle.
    socket.on("error", (error) => {
      if (this.#isFailed) return;
      this.#isFailed = true;
      this.handler.onError(codeOf(error), "read");
    });
    socket.resume();
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed;
  }

  write(text: string): void {
    this.#write(Buffer.from(text, "latin1"), () => {});
  }

  writeBuffer(buffer: Buffer, length: number): void {
    this.#write(buffer.subarray(0, length), () => giveBuffer(buffer));
  }

  #write(bytes: Buffer, done: () => void): void {
    if (this.isDestroyed) {
      done();
      return;
    }
    this.bytesWritten += bytes.length;
    this.#unfinished += 1;
    this.#socket.write(bytes, () => {
      done();
      this.#unfinished -= 1;
      if (this.#unfinished > 0 || !this.isSaturated || this.isDestroyed) return;
      this.isSaturated = false;
      this.handler.onDrain();
    });
    this.isSaturated = this.#socket.writableLength > SATURATION_BYTES;
  }

  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  isReset(): boolean {
    return !this.isDestroyed && this.#socket.remoteAddress === undefined;
  }

  localAddress(): Endpoint | null {
    const { localAddress, localPort } = this.#socket;
    return localAddress === undefined || localPort === undefined ? null : { host: localAddress, port: localPort };
  }

  remoteAddress(): string | null {
    return this.#socket.remoteAddress ?? null;
  }

  destroy(): void {
    this.#isFailed = true;
    this.#socket.destroy();
  }

  reset(): void {
    this.#isFailed = true;
    this.#socket.resetAndDestroy();
  }
}

/** Connects a socket as `connectHandle` does a handle. */
export function connectSocket(
  { host, port }: Endpoint,
  done: (stream: SocketStream | null, code: string) => void,
): () => void {
  const socket = connect({ host, port, allowHalfOpen: true });
  const fail = (error: Error): void => done(null, codeOf(error));
  socket.once("error", fail);
  socket.once("connect", () => {
    socket.off("error", fail);
    done(new SocketStream(socket), "");
  });
  return () => {
    socket.off("error", fail);
    socket.on("error", () => {});
    socket.destroy();
  };
}
