/** What the tests of single pieces of the data plane put in place of sockets, servers and clients. */

import type {
  AttemptFailure,
  DetachedStream,
  RequestStream,
  ResponseHandler,
  UpstreamRequest,
} from "../../../cluster/balancer/proxy/contract.ts";
import { giveBuffer } from "../../../cluster/balancer/proxy/io/buffers.ts";
import { type ByteStream, noHandler, type StreamHandler } from "../../../cluster/balancer/proxy/io/stream.ts";
import type { ResponseHead } from "../../../src/http1/index.ts";

/** A byte stream whose other end is the test. */
export class FakeStream implements ByteStream {
  handler: StreamHandler = noHandler;
  bytesRead = 0;
  bytesWritten = 0;
  pendingBytes = 0;
  isSaturated = false;
  isDestroyed = false;
  isPaused = false;
  /** The sending side was shut. */
  isEnded = false;
  /** It was closed with a RST. */
  isAborted = false;
  isResetByPeer = false;
  /** Each write. */
  readonly writes: string[] = [];

  get written(): string {
    return this.writes.join("");
  }

  write(text: string): void {
    if (this.isDestroyed) return;
    this.writes.push(text);
    this.bytesWritten += text.length;
  }

  writeBuffer(buffer: Buffer, length: number): void {
    this.write(buffer.toString("latin1", 0, length));
    giveBuffer(buffer);
  }

  /** Bytes arrive, in a buffer that holds something else afterwards, as the real one does. */
  arrive(text: string): void {
    const bytes = Buffer.from(text, "latin1");
    this.bytesRead += bytes.length;
    this.handler.onData(bytes);
    bytes.fill("*");
  }

  end(): void {
    this.isEnded = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  isReset(): boolean {
    return this.isResetByPeer;
  }

  localAddress(): { host: string; port: number } {
    return { host: "10.0.0.1", port: 5000 };
  }

  remoteAddress(): string {
    return "10.0.0.9";
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  reset(): void {
    this.isDestroyed = true;
    this.isAborted = true;
  }
}

/** A request for a server, and what its handler hears, in order. */
export class FakeHandler implements ResponseHandler {
  readonly request: { -readonly [Key in keyof UpstreamRequest]: UpstreamRequest[Key] };
  readonly heard: string[] = [];
  stream: RequestStream | null = null;
  /** What `onResponseStart` and `onReadComplete` return. */
  isWanted = true;
  isClientReady = true;
  failure: AttemptFailure | null = null;
  server: DetachedStream | null = null;

  constructor(name: string, request: Partial<UpstreamRequest> = {}) {
    this.request = {
      method: "GET",
      isPipelinable: true,
      isReplayable: true,
      isWhole: true,
      isOver: false,
      opening: `GET /${name} HTTP/1.1\r\n\r\n`,
      ...request,
    };
  }

  onRequestStart(stream: RequestStream): void {
    this.stream = stream;
  }

  onRequestDrain(): void {
    this.heard.push("drain");
  }

  onInformational({ status }: ResponseHead): void {
    this.heard.push(`informational ${status}`);
  }

  onUpgrade({ status }: ResponseHead, server: DetachedStream): void {
    this.heard.push(`upgrade ${status}`);
    this.server = server;
  }

  acceptsUpgrade(): boolean {
    return this.isWanted;
  }

  onResponseStart({ status }: ResponseHead, _framing: number, keepAlive: boolean): boolean {
    this.heard.push(`start ${status}${keepAlive ? "" : " close"}`);
    return this.isWanted;
  }

  onResponseDropped(): void {
    this.heard.push("dropped");
  }

  onResponseData(bytes: Buffer, from: number, to: number): void {
    const data = bytes.toString("latin1", from, to);
    const last = this.heard.at(-1);
    if (last?.startsWith("data ")) this.heard[this.heard.length - 1] = last + data;
    else this.heard.push(`data ${data}`);
  }

  onResponseEnd(trailers: string, takesBody: boolean): void {
    this.heard.push(`end${takesBody ? ", takes body" : ""}${trailers === "" ? "" : ` ${trailers.trim()}`}`);
  }

  onReadComplete(): boolean {
    return this.isClientReady;
  }

  onResponseError(failure: AttemptFailure): void {
    this.failure = failure;
    this.heard.push(`error ${failure.reason} ${failure.code}`);
  }
}
