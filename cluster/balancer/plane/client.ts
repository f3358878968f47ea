import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { normalizeIp } from "../address.ts";
import type { Trust } from "../trust.ts";
import { type Refusal, refusalAnswer, refusalOfParseError, refusalOnWire } from "./refusal.ts";

/** The far end of one client connection. */
export interface Client {
  /** Normalized. */
  readonly address: string;
  readonly trusted: boolean;
  /** Answers whose head is written and that have not ended: while there is one, nothing else may be written. */
  answering: number;
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
    const address = normalizeIp(socket.remoteAddress ?? "");
    const client: Client = { address, trusted: this.#trust.trusts(address), answering: 0 };
    this.#clients.set(socket, client);
    socket.once("close", () => this.#clients.delete(socket));
    return client;
  }

  /** Answers what could not be read as a request, unless an answer is under way, and ends the connection. */
  refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
    const answering = (this.#clients.get(socket)?.answering ?? 0) > 0;
    if (answering || error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else endWith(socket, refusalOfParseError(error.code));
  }
}

/** Writes a whole refusal to a bare connection and closes it. */
export function endWith(socket: Duplex, reason: Refusal): void {
  socket.on("error", () => socket.destroy());
  socket.end(refusalOnWire(reason), () => socket.destroy());
}

/** Writes the head of an answer. Throws for a status or field that HTTP/1.1 does not allow. */
export function writeHead(client: Client, response: ServerResponse, status: number, fields: readonly string[]): void {
  response.writeHead(status, [...fields]);
  client.answering += 1;
  response.once("close", () => {
    client.answering -= 1;
  });
}

/** Answers in the balancer's own name; returns the status. */
export function refuse(
  client: Client,
  response: ServerResponse,
  reason: Refusal,
  more: readonly string[] = [],
): number {
  const { status, fields, body } = refusalAnswer(reason);
  writeHead(client, response, status, [...fields, ...more]);
  response.end(body);
  return status;
}
