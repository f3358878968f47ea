/** A byte stream: one TCP connection as the proxy sees it, whatever carries it. */
import type { Endpoint } from "../../../listen.ts";

/** The events of a stream, for its owner. None follows `destroy` or `reset`, which the owner calls itself. */
export interface StreamHandler {
  /** Bytes have arrived. Their buffer is read into again when this returns: use them or copy them. */
  onData(bytes: Buffer): void;
  /** The peer has shut its sending side: no more bytes arrive. */
  onEnd(): void;
  /** The stream was saturated and the kernel has now accepted all that was written. */
  onDrain(): void;
  /** `end` is done: the kernel has accepted all bytes and the FIN. */
  onFinish(): void;
  /**
   * Reading or writing has failed with a system code (`ECONNRESET`, …), reported once for each. The stream is not destroyed: after
   * a failed write, what the peer had sent can still be read.
   */
  onError(code: string, operation: "read" | "write"): void;
}

/** One TCP connection. It reads from the beginning, unless it is paused. */
export interface ByteStream {
  handler: StreamHandler;
  /** Bytes that have arrived, and bytes that were given to be written and have not failed. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes written that the kernel has not accepted yet. */
  readonly pendingBytes: number;
  /** True while so much is pending that no more should be written; `onDrain` follows. */
  readonly isSaturated: boolean;
  readonly isDestroyed: boolean;
  /** Writes text, one byte a character. */
  write(text: string): void;
  /** Writes the first `length` bytes of a buffer that `takeBuffer` returned, and gives it back when they are written. */
  writeBuffer(buffer: Buffer, length: number): void;
  /** Shuts the sending side once all is written. */
  end(): void;
  pause(): void;
  resume(): void;
  /** True when the peer has reset the connection, which libuv tells as its end when bytes arrive with it. */
  isReset(): boolean;
  /** Our own end and the peer's; null when it is unknown, because the peer has gone. */
  localAddress(): Endpoint | null;
  remoteAddress(): string | null;
  /** Closes with a FIN; the kernel still sends what it has accepted. */
  destroy(): void;
  /** Closes with a RST, so that the peer cannot mistake it for the end of a message. */
  reset(): void;
}

/** More pending bytes than this saturate a stream. */
export const SATURATION_BYTES = 16_384;

export const noHandler: StreamHandler = {
  onData: () => {},
  onEnd: () => {},
  onDrain: () => {},
  onFinish: () => {},
  onError: () => {},
};
