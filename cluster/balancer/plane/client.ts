import type { Socket } from "node:net";
import { incomplete, invalid, type RequestHead, readProxyHeader } from "../../../src/http1/index.ts";
import { normalizeIp } from "../config/address.ts";
import { newAccessLogEntry } from "../telemetry/access-log-entry.ts";
import { LookAhead } from "./ahead.ts";
import type { PlaneContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { Input } from "./input.ts";
import type { Receiver } from "./listener.ts";
import { Output } from "./output.ts";
import { bodyLength, ownAnswer } from "./own.ts";
import { idOf, type Refusal, refusalAnswer, refusalOfUnread, statusOf } from "./refusal.ts";
import { RequestBody } from "./request-body.ts";
import type { RequestFields, Sender } from "./request-fields.ts";
import { source } from "./source.ts";
import { Tunnel } from "./tunnel.ts";
import { Visitor } from "./visitor.ts";

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

/** A client that sends what nobody reads is borne with for so long. */
const drainMs = 5_000;
/** Bytes behind a request that is not answered yet; with more of them, reading stops. */
const maxHeld = 65_536;
/** How long a client that will send no more may wait for more of an answer: most that do so have left. */
const halfClosedMs = 1_000;

/** The far end of one client connection. Its requests are taken one at a time: their answers have to keep their order. */
export class Client {
  /** What the client is to have. */
  readonly output: Output;
  readonly #visitor: Visitor;
  readonly #input: Input;
  readonly #context: PlaneContext;
  readonly #socket: Socket;
  readonly #onGone: (client: Client) => void;
  #exchange: Exchange | null = null;
  #phase: number = Phase.idle;
  /** When the patience with what is waited for ends, in milliseconds of `performance.now()`. */
  #deadline: number;
  #reader: RequestHead | null = null;
  readonly #body: RequestBody;
  #ahead: LookAhead | null = null;
  #isHalfClosed = false;
  /** Bytes written when a client that sends no more was last looked at. */
  #written = 0;
  /** Since when the client has taken nothing of what was written; 0 when nothing waits. */
  #stalledSince = 0;
  #tunnel: Tunnel | null = null;
  /** Bytes of the socket that are counted. */
  #bytesRead = 0;
  #bytesWritten = 0;

  /** `address` is the peer's, normalized; `receiver` takes what comes from `socket`, which has read nothing yet. */
  constructor(
    context: PlaneContext,
    socket: Socket,
    receiver: Receiver,
    address: string,
    onGone: (client: Client) => void,
  ) {
    receiver.take = (bytes) => this.#onData(bytes);
    this.#context = context;
    this.#socket = socket;
    this.#body = new RequestBody(context.settings);
    this.#visitor = new Visitor(context, socket, address);
    this.#input = new Input(socket, (bytes, at) => this.#take(bytes, at));
    this.output = new Output(socket);
    this.#onGone = onGone;
    // Who connects has something to say: as HAProxy and nginx have it, the first request is not waited for as others are.
    this.#deadline = context.now + Math.min(context.settings.headTimeoutMs, context.settings.idleTimeoutMs);
    if (context.settings.proxyProtocol) this.#phase = Phase.proxy;
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("error", () => socket.destroy());
    socket.on("close", this.#onClose);
  }

  get sender(): Sender {
    return this.#visitor.sender;
  }

  get fields(): RequestFields {
    return this.#visitor.fields;
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
    const isSlow = !this.#input.isPaused && this.#body.isSlow;
    this.#expectBody(now);
    if (isSlow) this.#breakOff("request-timeout");
  }

  /** From now on some of the body has to come, if it is not whole. */
  #expectBody(now: number): void {
    if (this.#body.done) return;
    this.#body.restart();
    this.#deadline = now + this.#context.settings.stallTimeoutMs;
  }

  /** Takes bytes from a buffer that is used again. */
  #onData(chunk: Buffer): void {
    if (this.#tunnel !== null) this.#tunnel.fromClient(chunk);
    else {
      this.#input.read(chunk);
      this.#wasRead();
    }
  }

  /** What has come is taken, as far as it can be. */
  #wasRead(): void {
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
        return this.#socket.writableNeedDrain ? this.#input.putOff(bytes, at) : this.#takeHead(bytes, at);
      case Phase.head:
        return this.#takeHead(bytes, at);
      case Phase.exchange:
        return this.#body.done ? this.#hold(bytes, at) : this.#takeBody(bytes, at);
      case Phase.drain:
        return this.#drop(bytes, at);
      default:
        this.#body.receive(bytes.length - at);
        if (this.#body.isTooMuch) this.destroy();
        return -1;
    }
  }

  /** Who does not speak the PROXY protocol gets no answer: what would it be taken for? */
  #takeProxyHeader(bytes: Buffer, at: number): number {
    const header = readProxyHeader(bytes, at, bytes.length);
    if (header === incomplete) return this.#input.hold(bytes, at);
    if (header === invalid) {
      this.destroy();
      return -1;
    }
    this.#phase = Phase.idle;
    const isOther = header.address !== null && this.sender.trusted;
    if (isOther && !this.#visitor.becomes(normalizeIp(header.address ?? ""))) {
      this.output.add(refusalAnswer("too-many-connections", "Connection: close\r\n"));
      this.answered(false);
    }
    return header.next;
  }

  #takeHead(bytes: Buffer, at: number): number {
    const reader = this.#reader ?? this.#context.readers.takeRequest();
    const next = reader.read(bytes, at, bytes.length);
    if (next === incomplete) {
      if (this.#phase === Phase.idle) this.#deadline = this.#context.now + this.#context.settings.headTimeoutMs;
      this.#phase = Phase.head;
      this.#reader = reader;
      return this.#input.hold(bytes, at);
    }
    this.#reader = null;
    if (next < 0) this.#refuseUnread(reader.parseError === null ? "bad-request" : refusalOfUnread(reader.parseError));
    else this.#accept(reader);
    this.#context.readers.giveRequest(reader);
    return next < 0 ? -1 : next;
  }

  /** Takes a request: answers it here, or sends it on its way. */
  #accept(head: RequestHead): void {
    this.#phase = Phase.exchange;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#body.begin(head);
    this.#expectBody(this.#context.now);
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
    const exchange = this.#exchange;
    if (exchange === null || exchange.connection === null) return this.#input.putOff(bytes, at);
    const body = this.#body;
    const next = body.read(bytes, at);
    const { refusal, reader } = body;
    if (refusal !== null) {
      this.#breakOff(refusal);
      return -1;
    }
    if (exchange.entry !== null) exchange.entry.requestBytes += reader.dataEnd - reader.dataStart;
    if (!exchange.sendBody(bytes, reader)) this.#input.pause();
    if (body.done) this.#deadline = Number.POSITIVE_INFINITY;
    return next;
  }

  /** Takes no notice of a body that nobody wants. */
  #drop(bytes: Buffer, at: number): number {
    const next = this.#body.read(bytes, at);
    if (this.#body.reader.parseError !== null || this.#body.isTooMuch) this.destroy();
    else if (this.#body.done) this.#turn();
    return next;
  }

  /** Keeps what stands behind a request that is not answered yet. */
  #hold(bytes: Buffer, at: number): number {
    if (this.#exchange?.isLast === true) return -1;
    if (this.#exchange?.upgrades !== true) {
      this.#ahead ??= new LookAhead(this.#context.readers.newRequest());
      if (!this.#ahead.isSound(bytes.subarray(at))) this.destroy();
    }
    if (bytes.length - at > maxHeld) this.#input.pause();
    return this.#input.hold(bytes, at);
  }

  /** The server is there to have the body. */
  resumeBody(): void {
    this.#input.goOn();
    this.#wasRead();
  }

  /** What is read now is passed on at its end: nobody else has to see to that. */
  get isReading(): boolean {
    return this.#input.isReading;
  }

  /** The body of the present request has been read whole. */
  get isWhole(): boolean {
    return this.#body.done;
  }

  /** The server can take more. */
  resume(): void {
    if (this.#input.isPaused) this.#expectBody(this.#context.now);
    this.#input.resume();
  }

  /** The answer is whole; `lasts` says whether another request may follow. */
  answered(lasts: boolean): void {
    this.output.flush();
    this.#exchange = null;
    if (!lasts) this.#end();
    else if (!this.#body.done) {
      this.#phase = Phase.drain;
      this.#body.restart();
      this.#deadline = this.#context.now + drainMs;
      if (!this.isReading) this.resumeBody();
    } else this.#turn();
  }

  /** Requests that have come wait until the client has taken its answers. */
  get #isPutOff(): boolean {
    return this.#phase === Phase.idle && this.#input.held !== null;
  }

  /** The next request. */
  #turn(): void {
    this.#phase = Phase.idle;
    this.#deadline = this.#context.now + this.#context.settings.idleTimeoutMs;
    if (this.isReading) return;
    this.#ahead = null;
    this.resumeBody();
  }

  /** No further request is read; the client is given time to take the answer before its connection is gone. */
  #end(): void {
    this.#phase = Phase.end;
    this.#input.drop();
    this.#body.restart();
    this.#deadline = this.#context.now + drainMs;
    this.#socket.end();
    this.#input.resume();
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
    const entry = newAccessLogEntry(address, head?.method ?? null, head?.path ?? null, null);
    log?.add({ ...entry, status, reason, answerBytes: bodyLength(answer), id: idOf(answer) });
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
  openTunnel(server: Socket): Tunnel {
    this.#phase = Phase.tunnel;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.output.flush();
    this.#tunnel = new Tunnel(this.#context, this.#socket, server, this.#input.held);
    this.#input.drop();
    return this.#tunnel;
  }

  readonly #onDrain = (): void => {
    this.#stalledSince = 0;
    if (this.#isPutOff) this.#turn();
    else this.#exchange?.connection?.resume();
  };

  readonly #onEnd = (): void => {
    this.#isHalfClosed = true;
    if (this.#tunnel !== null) return;
    if (this.#exchange === null && this.#socket.writableLength > 0) this.#socket.end();
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
    if (entry !== null) this.#tunnel?.measure(entry);
    this.#exchange?.cancel();
    this.#exchange = null;
    this.#visitor.leave();
    this.#onGone(this);
  };
}
