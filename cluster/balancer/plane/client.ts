import type { Socket } from "node:net";
import {
  BodyReader,
  more,
  type RequestHead,
  readProxyHeader,
  refused,
  requestFraming,
} from "../../../src/http1/index.ts";
import { newEntry } from "../access/entry.ts";
import { formatAddress, normalizeIp } from "../address.ts";
import { readShared } from "./accepted.ts";
import { LookAhead } from "./ahead.ts";
import type { PlaneContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { Output } from "./output.ts";
import { bodyLength, ownAnswer } from "./own.ts";
import { type Refusal, refusalAnswer, refusalOfUnread, statusOf } from "./refusal.ts";
import { RequestFields, type Sender } from "./request-fields.ts";
import type { ServerConnection } from "./server-connection.ts";
import { source } from "./source.ts";

/** What a connection waits for from its client. */
const Phase = {
  /** What the PROXY protocol says of it. */
  proxy: -1,
  /** A request. */
  idle: 0,
  /** The rest of a head. */
  head: 1,
  /** Its answer, and before that the rest of the body. */
  exchange: 2,
  /** The rest of a body that nobody wants. */
  drain: 3,
  /** The end, after the last answer. */
  end: 4,
  tunnel: 5,
} as const;

/** A client that sends what nobody reads is borne with up to here, in bytes and milliseconds. */
const maxDrained = 64 * 1024 * 1024;
const drainMs = 5_000;
/** Bytes behind a request that is not answered yet; with more of them, reading stops. */
const maxHeld = 65_536;
/** How long a client that will send no more may wait for more of an answer: most that do so have left. */
const halfClosedMs = 1_000;

const nothing = Buffer.alloc(0);

/** The far end of one client connection. Its requests are taken one at a time: their answers have to keep their order. */
export class Client {
  sender: Sender;
  fields: RequestFields;
  /** What the client is to have. */
  readonly output: Output;
  readonly #context: PlaneContext;
  readonly #socket: Socket;
  readonly #onGone: (client: Client) => void;
  #exchange: Exchange | null = null;
  #phase: number = Phase.idle;
  /** The address that it was let in by; null when it was not. */
  #entered: string | null;
  /** When the patience with what is waited for ends, in milliseconds of `performance.now()`. */
  #deadline: number;
  #reader: RequestHead | null = null;
  readonly #body = new BodyReader();
  /** Bytes that have come and cannot be used yet. */
  #held: Buffer | null = null;
  #ahead: LookAhead | null = null;
  #isReading = false;
  #isPaused = false;
  #isHalfClosed = false;
  /** Bytes written when a client that sends no more was last looked at. */
  #written = 0;
  /** Bytes of the body's data. */
  #length = 0;
  /** Bytes of the body since the beginning of the present `stallTimeoutMs`; bytes drained. */
  #received = 0;
  /** Since when the client has taken nothing of what was written; 0 when nothing waits. */
  #stalledSince = 0;
  #tunnel: ServerConnection | null = null;
  /** Bytes on the socket before it became a tunnel. */
  #tunnelBegan: { readonly read: number; readonly written: number } | null = null;
  /** Bytes of the socket that are counted. */
  #bytesRead = 0;
  #bytesWritten = 0;

  /** `accepted` has read nothing yet; `address` is its peer's, normalized. */
  constructor(context: PlaneContext, accepted: Socket, address: string, onGone: (client: Client) => void) {
    const socket = readShared(accepted, (bytes) => this.#onData(bytes));
    const { localAddress: host = "", localPort: port = 0 } = socket;
    this.sender = { address, trusted: context.trust.trusts(address), local: formatAddress({ host, port }) };
    this.fields = new RequestFields(this.sender, context.settings.via);
    this.#entered = address;
    this.#context = context;
    this.#socket = socket;
    this.output = new Output(socket);
    this.#onGone = onGone;
    this.#deadline = context.now + context.settings.idleTimeoutMs;
    if (context.settings.proxyProtocol) this.#awaitProxyHeader();
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("error", () => socket.destroy());
    socket.on("close", this.#onClose);
  }

  #awaitProxyHeader(): void {
    this.#phase = Phase.proxy;
    this.#deadline = this.#context.now + this.#context.settings.headTimeoutMs;
  }

  /** A request is under way. */
  get isBusy(): boolean {
    return this.#exchange !== null || this.#phase === Phase.tunnel || this.#socket.writableLength > 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends so that nobody can take it for the end of a body. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Called now and then: ends what takes too long. */
  sweep(now: number): void {
    if (this.#socket.writableLength === 0) this.#stalledSince = 0;
    else if (this.#stalledSince === 0) this.#stalledSince = now;
    else if (now - this.#stalledSince >= this.#context.settings.stallTimeoutMs) this.destroy();
    if (now >= this.#deadline) this.#late(now);
  }

  #late(now: number): void {
    switch (this.#phase) {
      case Phase.head:
        this.#refuseUnread("request-timeout");
        return;
      case Phase.exchange:
        this.#lateInExchange(now);
        return;
      default:
        // What is written is waited for, while the client takes any of it.
        if (this.#socket.writableLength === 0) this.destroy();
    }
  }

  #lateInExchange(now: number): void {
    if (this.#isHalfClosed) {
      // One that has left ends an answer under way itself, by refusing it; one under way that stands still is for nobody.
      if (this.#socket.bytesWritten === this.#written) this.destroy();
      this.#written = this.#socket.bytesWritten;
      this.#deadline = now + halfClosedMs;
      return;
    }
    const { stallTimeoutMs, minBodyRate } = this.#context.settings;
    const isSlow = !this.#isPaused && this.#received < Math.max(1, (minBodyRate * stallTimeoutMs) / 1_000);
    this.#received = 0;
    this.#deadline = this.#body.done ? Number.POSITIVE_INFINITY : now + stallTimeoutMs;
    if (isSlow && !this.#body.done) this.#breakOff("request-timeout");
  }

  /** Takes bytes from a buffer that is used again. */
  #onData(chunk: Buffer): void {
    if (this.#tunnel !== null) {
      if (!this.#tunnel.write(chunk)) this.#pause();
      return;
    }
    const bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = null;
    this.#read(bytes);
  }

  #read(bytes: Buffer): void {
    this.#isReading = true;
    let at = 0;
    while (at >= 0 && at < bytes.length && !this.#socket.destroyed) at = this.#take(bytes, at);
    this.#isReading = false;
    this.#exchange?.connection?.flush();
    if (this.#isHalfClosed) this.#goOnAlone();
  }

  /** The client sends no more: there is no other request, and its answer is not waited for as long as others are. */
  #goOnAlone(): void {
    if (this.#isPutOff) return;
    if (this.#phase === Phase.idle || this.#phase === Phase.head) this.#end();
    else if (this.#phase === Phase.exchange) {
      this.#written = this.#socket.bytesWritten;
      this.#deadline = this.#context.now + halfClosedMs;
    }
  }

  /** Takes what comes next; returns where to go on, or -1 when the rest has been dealt with. */
  #take(bytes: Buffer, at: number): number {
    switch (this.#phase) {
      case Phase.proxy:
        return this.#takeProxyHeader(bytes, at);
      case Phase.idle:
        // Answers to one who reads none would pile up.
        return this.#socket.writableNeedDrain ? this.#putOff(bytes, at) : this.#takeHead(bytes, at);
      case Phase.head:
        return this.#takeHead(bytes, at);
      case Phase.exchange:
        return this.#body.done ? this.#hold(bytes, at) : this.#takeBody(bytes, at);
      case Phase.drain:
        return this.#drop(bytes, at);
      default:
        this.#received += bytes.length - at;
        if (this.#received > maxDrained) this.destroy();
        return -1;
    }
  }

  /** Who does not speak the PROXY protocol gets no answer: what would it be taken for? */
  #takeProxyHeader(bytes: Buffer, at: number): number {
    const header = readProxyHeader(bytes, at, bytes.length);
    if (header === more) {
      this.#held = Buffer.from(bytes.subarray(at));
      return -1;
    }
    if (header === refused) {
      this.destroy();
      return -1;
    }
    this.#phase = Phase.idle;
    this.#deadline = this.#context.now + this.#context.settings.idleTimeoutMs;
    if (header.address !== null && this.sender.trusted) this.#becomes(normalizeIp(header.address));
    return header.next;
  }

  /** The client is somebody else than the peer. */
  #becomes(address: string): void {
    const { trust, door, settings } = this.#context;
    if (this.#entered !== null) door.leave(this.#entered);
    this.#entered = door.enter(address) ? address : null;
    this.sender = { ...this.sender, address, trusted: trust.trusts(address) };
    this.fields = new RequestFields(this.sender, settings.via);
    if (this.#entered !== null) return;
    door.count();
    this.output.add(refusalAnswer("too-many-connections", "Connection: close\r\n"));
    this.answered(false);
  }

  #takeHead(bytes: Buffer, at: number): number {
    const reader = this.#reader ?? this.#context.readers.takeRequest();
    const next = reader.read(bytes, at, bytes.length);
    if (next === more) {
      if (this.#phase === Phase.idle) this.#deadline = this.#context.now + this.#context.settings.headTimeoutMs;
      this.#phase = Phase.head;
      this.#reader = reader;
      this.#held = Buffer.from(bytes.subarray(at));
      return -1;
    }
    this.#reader = null;
    if (next < 0) this.#refuseUnread(reader.refusal === null ? "bad-request" : refusalOfUnread(reader.refusal));
    else this.#accept(reader);
    this.#context.readers.giveRequest(reader);
    return next < 0 ? -1 : next;
  }

  /** Takes a request: answers it here, or sends it on its way. */
  #accept(head: RequestHead): void {
    this.#phase = Phase.exchange;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#received = 0;
    this.#length = 0;
    const framing = requestFraming(head);
    this.#body.begin(framing, head.fields.contentLength);
    if (!this.#body.done) this.#deadline = this.#context.now + this.#context.settings.stallTimeoutMs;
    const own = ownAnswer(head, this.#context);
    if (own !== null) {
      this.#context.done(0, own.refusal === null ? null : own.status);
      if (this.#context.log !== null) this.#log(own.status, own.refusal, own.answer, head);
      this.output.add(own.answer);
      this.answered(own.lasts);
      return;
    }
    this.#exchange = new Exchange(this.#context, this, head);
    this.#exchange.attempt();
  }

  /** Passes on a run of the body, once there is somebody to have it. */
  #takeBody(bytes: Buffer, at: number): number {
    const connection = this.#exchange?.connection ?? null;
    if (connection === null) return this.#putOff(bytes, at);
    const body = this.#body;
    const next = body.read(bytes, at, bytes.length);
    this.#length += body.dataEnd - body.dataStart;
    if (body.refusal !== null || this.#isTooLarge) {
      this.#breakOff(body.refusal === null ? "body-too-large" : refusalOfUnread(body.refusal));
      return -1;
    }
    this.#received += next - at;
    const entry = this.#exchange?.entry ?? null;
    if (entry !== null) entry.requestBytes += body.dataEnd - body.dataStart;
    if (!connection.sendBody(bytes, body)) this.#pause();
    if (body.done) this.#deadline = Number.POSITIVE_INFINITY;
    return next;
  }

  get #isTooLarge(): boolean {
    const { maxBodyBytes } = this.#context.settings;
    return maxBodyBytes > 0 && this.#length > maxBodyBytes;
  }

  /** Keeps what cannot be taken yet, and reads no more. */
  #putOff(bytes: Buffer, at: number): number {
    this.#pause();
    this.#held = Buffer.from(bytes.subarray(at));
    return -1;
  }

  /** Takes no notice of a body that nobody wants. */
  #drop(bytes: Buffer, at: number): number {
    const next = this.#body.read(bytes, at, bytes.length);
    this.#received += next - at;
    if (this.#body.refusal !== null || this.#received > maxDrained) this.destroy();
    else if (this.#body.done) this.#turn();
    return next;
  }

  /** Keeps what stands behind a request that is not answered yet. */
  #hold(bytes: Buffer, at: number): number {
    if (this.#exchange?.isLast === true) return -1;
    this.#held = Buffer.from(bytes.subarray(at));
    if (this.#exchange?.upgrades !== true) {
      this.#ahead ??= new LookAhead(this.#context.readers.newRequest());
      if (!this.#ahead.isSound(this.#held)) this.destroy();
    }
    if (this.#held.length > maxHeld) this.#pause();
    return -1;
  }

  /** The server is there to have the body. */
  resumeBody(): void {
    const held = this.#held ?? nothing;
    this.#held = null;
    this.resume();
    this.#read(held);
  }

  /** What is read now is passed on at its end: nobody else has to see to that. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** The body of the present request has been read whole. */
  get isWhole(): boolean {
    return this.#body.done;
  }

  /** The server can take more. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#received = 0;
    this.#socket.resume();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** The answer is whole; `lasts` says whether another request may follow. */
  answered(lasts: boolean): void {
    this.output.flush();
    this.#exchange = null;
    if (!lasts) this.#end();
    else if (!this.#body.done) {
      this.#phase = Phase.drain;
      this.#received = 0;
      this.#deadline = this.#context.now + drainMs;
      if (!this.#isReading) this.resumeBody();
    } else this.#turn();
  }

  /** Requests that have come wait until the client has taken its answers. */
  get #isPutOff(): boolean {
    return this.#phase === Phase.idle && this.#held !== null;
  }

  /** The next request. */
  #turn(): void {
    this.#phase = Phase.idle;
    this.#deadline = this.#context.now + this.#context.settings.idleTimeoutMs;
    if (this.#isReading) return;
    this.resume();
    const held = this.#held ?? nothing;
    this.#held = null;
    this.#ahead = null;
    this.#read(held);
  }

  /** No further request is read; the client is given time to take the answer before its connection is gone. */
  #end(): void {
    this.#phase = Phase.end;
    this.#held = null;
    this.#received = 0;
    this.#deadline = this.#context.now + drainMs;
    this.#socket.end();
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** A refusal of what could not be read as a request. */
  #refuseUnread(reason: Refusal): void {
    const answer = refusalAnswer(reason, "Connection: close\r\n");
    this.#context.done(0, statusOf(reason));
    this.#log(statusOf(reason), reason, answer, null);
    this.output.add(answer);
    this.answered(false);
  }

  /** Logs what was answered here, to a request that was read or could not be. */
  #log(status: number, reason: Refusal | null, answer: string, head: RequestHead | null): void {
    const { log, trust } = this.#context;
    const address = head === null ? this.sender.address : source.of(head, this, trust).clientAddress;
    const entry = newEntry(address, head?.method ?? null, head?.path ?? null, null);
    log?.add({ ...entry, status, reason, answerBytes: bodyLength(answer) });
  }

  /** The body is not what it should be: the request ends, and with it the connection. */
  #breakOff(reason: Refusal): void {
    const exchange = this.#exchange;
    if (exchange === null || exchange.isAnswered) this.destroy();
    else {
      const answer = refusalAnswer(reason, "Connection: close\r\n");
      exchange.breakOff(reason, answer);
      this.output.add(answer);
      this.answered(false);
    }
  }

  /** The connection is one with a server's from here on. */
  openTunnel(connection: ServerConnection): void {
    this.#phase = Phase.tunnel;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#tunnel = connection;
    this.output.flush();
    this.#tunnelBegan = {
      read: this.#socket.bytesRead - (this.#held?.length ?? 0),
      written: this.#socket.bytesWritten,
    };
    if (this.#held !== null) connection.write(this.#held);
    this.#held = null;
    if (this.#isHalfClosed) connection.endTunnel();
    this.resume();
  }

  /** The server's end of a tunnel sends no more. */
  endTunnel(): void {
    this.#socket.end();
  }

  readonly #onDrain = (): void => {
    this.#stalledSince = 0;
    if (this.#isPutOff) this.#turn();
    else (this.#tunnel ?? this.#exchange?.connection)?.resume();
  };

  readonly #onEnd = (): void => {
    this.#isHalfClosed = true;
    if (this.#tunnel !== null) this.#tunnel.endTunnel();
    else if (this.#exchange === null && this.#socket.writableLength > 0) this.#socket.end();
    else if (this.#exchange === null || !this.#body.done) this.destroy();
    else this.#goOnAlone();
  };

  /** Adds what has gone by since the last time to what is counted. */
  countBytes(): void {
    const { bytesRead, bytesWritten } = this.#socket;
    const { counts } = this.#context;
    counts.bytesReceived += bytesRead - this.#bytesRead;
    counts.bytesSent += bytesWritten - this.#bytesWritten;
    this.#bytesRead = bytesRead;
    this.#bytesWritten = bytesWritten;
  }

  readonly #onClose = (): void => {
    this.countBytes();
    const entry = this.#exchange?.entry ?? null;
    if (entry !== null && this.#tunnelBegan !== null) {
      entry.requestBytes = this.#bytesRead - this.#tunnelBegan.read;
      entry.answerBytes = this.#bytesWritten - this.#tunnelBegan.written;
    }
    this.#exchange?.cancel();
    this.#exchange = null;
    this.#tunnel?.destroy();
    if (this.#entered !== null) this.#context.door.leave(this.#entered);
    this.#onGone(this);
  };
}
