/** Servers that show whether requests are pipelined, and clients that ask all in one turn. */
import type { Socket } from "node:net";
import { startRaw } from "../harness.ts";
import { bodyOf, get, ok, send, startEach } from "./raw.ts";

/** The paths that a chunk of bytes asks for. */
export const pathsOf = (chunk: string | Buffer): string[] =>
  [...String(chunk).matchAll(/^GET (\S+)/gm)].map(([, path]) => String(path));

export const pathOf = (at: number): string => `/${at}`;

/** Each client sends a GET, all in one turn of the balancer's loop; resolves to the bodies of the responses. */
export async function askAtOnce(clients: readonly Socket[]): Promise<string[]> {
  const responses = await Promise.all(clients.map((client, at) => send(client, get(pathOf(at)))));
  return responses.map(bodyOf);
}

/** A server that responds a turn later, and how many requests have been outstanding on one connection at most. */
export async function startMeasured() {
  const seen = { most: 0 };
  const outstanding = new Map<Socket, number>();
  const port = await startEach((socket, { path }) => {
    const now = (outstanding.get(socket) ?? 0) + 1;
    outstanding.set(socket, now);
    seen.most = Math.max(seen.most, now);
    setImmediate(() => {
      outstanding.set(socket, (outstanding.get(socket) ?? 0) - 1);
      socket.write(ok(path));
    });
  });
  return { port, seen };
}

/** A server that drops what comes while it has a request: gunicorn with threads does, now and then. */
export async function startDropping() {
  const dropped: string[] = [];
  const port = await startRaw((socket) => {
    let isBusy = false;
    socket.setEncoding("latin1").on("data", (chunk) => {
      const [path = "", ...behind] = pathsOf(chunk);
      if (isBusy) dropped.push(path, ...behind);
      else {
        isBusy = true;
        dropped.push(...behind);
        setImmediate(() => {
          isBusy = false;
          socket.write(ok(path));
        });
      }
    });
  });
  return { port, dropped };
}
