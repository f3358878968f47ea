import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { normalizeIp } from "../address.ts";
import type { Trust } from "../trust.ts";
import { type Refusal, refusalAnswer, refusalOfParseError, refusalOnWire } from "./refusal.ts";

/** A client that asks for more than this before it has any answer is not waited for. */
const maxPending = 1_000;

/** The far end of one client connection. Its requests are taken one at a time: their answers have to keep their order. */
export class Client {
  /** Normalized. */
  readonly address: string;
  readonly trusted: boolean;
  /** Called when the connection closes. Node tells this to no response whose turn to be sent has not come. */
  onGone: (() => void) | null = null;
  readonly #socket: Socket;
  /** The request that is being answered, and those that wait behind it. */
  readonly #pending: (() => void)[] = [];

  constructor(socket: Socket, trust: Trust) {
    this.#socket = socket;
    this.address = normalizeIp(socket.remoteAddress ?? "");
    this.trusted = trust.trusts(this.address);
    socket.once("close", () => this.onGone?.());
  }

  /** Requests that have arrived and are not answered: while there is one, nothing else may be written. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Calls `answer` once every request before this one is answered, unless the connection ends first. */
  take(response: ServerResponse, answer: () => void): void {
    this.#pending.push(answer);
    response.once("close", () => this.#next());
    if (this.pending === 1) answer();
    else if (this.pending > maxPending) this.#socket.destroy();
  }

  #next(): void {
    this.#pending.shift();
    if (this.#socket.writable) this.#pending[0]?.();
  }
}

/** The client connections that are open. */
export class Clients {
  readonly #trust: Trust;
  readonly #clients = new Map<Duplex, Client>();

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** The client at the other end of `socket`; remembered until the connection closes. */
  of(socket: Socket): Client {
    return this.#clients.get(socket) ?? this.add(socket);
  }

  add(socket: Socket): Client {
    const client = new Client(socket, this.#trust);
    this.#clients.set(socket, client);
    socket.once("close", () => this.#clients.delete(socket));
    return client;
  }

  /** Answers what could not be read as a request. */
  refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else this.refuse(socket, refusalOfParseError(error.code));
  }

  /** Ends a connection with a refusal; without one when the client would take it for the answer to an earlier request. */
  refuse(socket: Duplex, reason: Refusal): void {
    socket.on("error", () => socket.destroy());
    if ((this.#clients.get(socket)?.pending ?? 0) > 0) socket.destroy();
    else socket.end(refusalOnWire(reason), () => socket.destroy());
  }

  /** A connection on which nothing has moved for long: kept only while its request waits for a server. */
  stalled(socket: Socket): void {
    const waits = (this.#clients.get(socket)?.pending ?? 0) > 0 && socket.writableLength === 0;
    if (!waits) socket.destroy();
  }
}

/** Answers in the balancer's own name; returns the status. */
export function refuse(response: ServerResponse, reason: Refusal, more: readonly string[] = []): number {
  const { status, fields, body } = refusalAnswer(reason);
  response.writeHead(status, [...fields, ...more]);
  response.end(body);
  return status;
}
