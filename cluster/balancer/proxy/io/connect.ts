import { lookup } from "node:dns";
import { isIP, Socket } from "node:net";
import type { Endpoint } from "../../../listen.ts";
import { codeOf } from "../../config/error-code.ts";
import { bindings, type TcpHandle } from "./bindings.ts";
import { connectHandle, HandleStream } from "./handle-stream.ts";
import { connectSocket, SocketStream } from "./socket-stream.ts";
import type { ByteStream } from "./stream.ts";

/** A connection that was accepted and that nobody has read from: its handle, or its socket where handles cannot be had. */
export type Accepted = TcpHandle | Socket;

export const openStream = (accepted: Accepted): ByteStream =>
  accepted instanceof Socket ? new SocketStream(accepted) : new HandleStream(accepted);

/** Ends a connection, unless another process has it by now. */
export function closeAccepted(accepted: Accepted): void {
  if (accepted instanceof Socket) accepted.destroy();
  else accepted.close();
}

type Done = (stream: ByteStream | null, code: string) => void;

const connectOne: (endpoint: Endpoint, done: Done) => () => void = bindings === null ? connectSocket : connectHandle;

/**
 * Connects to a server; the addresses of a name are tried one after the other. Calls `done` once, later, with a stream, or with
 * null and a system code. Returns a function that gives up: `done` is not called after it.
 */
export function connectStream(endpoint: Endpoint, done: Done): () => void {
  if (isIP(endpoint.host) !== 0) return connectOne(endpoint, done);
  let isGivenUp = false;
  let giveUp = (): void => {};
  lookup(endpoint.host, { all: true }, (error, addresses) => {
    if (isGivenUp) return;
    if (error !== null) done(null, codeOf(error));
    else tryNext(addresses.map(({ address }) => ({ host: address, port: endpoint.port })));
  });
  const tryNext = ([first, ...rest]: readonly Endpoint[]): void => {
    if (first === undefined) {
      done(null, "ENOTFOUND");
      return;
    }
    giveUp = connectOne(first, (stream, code) => {
      if (stream === null && rest.length > 0) tryNext(rest);
      else done(stream, code);
    });
  };
  return () => {
    isGivenUp = true;
    giveUp();
  };
}
