/** What the tests of the data plane share: servers that answer each request as they are told to, clients of raw bytes. */
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type Balancer, control, json, startRaw } from "../harness.ts";

/** Turns pipelining on, for the tests of what it does. */
export const pipelined = { pipelineDepth: 8 } as const;

/** A request as a raw server got it. */
export interface Got {
  readonly method: string;
  readonly path: string;
  readonly head: string;
  /** As long as its Content-Length says; a body in chunks is none. */
  readonly body: string;
}

/** Starts a raw server that has `respond` called for each whole request, with its number on its connection from 1 on. */
export const startEach = (respond: (socket: Socket, got: Got, served: number) => void): Promise<number> =>
  startRaw((socket) => {
    let served = 0;
    let rest = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      rest += chunk;
      for (let length = wholeLength(rest); length !== undefined; length = wholeLength(rest)) {
        const got = read(rest.slice(0, length));
        rest = rest.slice(length);
        served += 1;
        respond(socket, got, served);
      }
    });
  });

/** The length of the first message, with a body as long as its Content-Length says; undefined while it is not whole. */
function wholeLength(text: string): number | undefined {
  const end = text.indexOf("\r\n\r\n") + 4;
  if (end < 4) return undefined;
  const length = end + Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length < length ? undefined : length;
}

function read(message: string): Got {
  const end = message.indexOf("\r\n\r\n");
  const head = message.slice(0, end);
  const [method = "", path = ""] = head.split(" ");
  return { method, path, head, body: message.slice(end + 4) };
}

export const ok = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

/** A request without a body. */
export const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

export const post = (path: string, body: string, more = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

/** Opens a client's connection, which is closed when the test ends. */
export function open({ port }: Pick<Balancer, "port">): Socket {
  const socket = connect({ host: "127.0.0.1", port }).setNoDelay(true).setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  return socket.on("error", () => {});
}

/** Opens connections that each have had a response, so that what they send next comes in one turn. */
export async function openWarm(balancer: Balancer, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => open(balancer));
  await Promise.all(sockets.map((socket) => send(socket, get("/warm"))));
  return sockets;
}

/** Sends bytes; resolves to the next whole response that states its length, or to what had come when the connection closed. */
export function send(socket: Socket, bytes: string): Promise<string> {
  const response = nextResponse(socket);
  socket.write(bytes, "latin1");
  return response;
}

export const nextResponse = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = "";
    const finish = (): void => {
      socket.off("data", add).off("close", finish);
      resolve(text);
    };
    const add = (chunk: string | Buffer): void => {
      text += chunk;
      if (/\r\ncontent-length:/i.test(text) && wholeLength(text) !== undefined) finish();
    };
    socket.on("data", add).once("close", finish);
  });

/** The status codes of the responses in a text, in their order. */
export const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

export const bodyOf = (response: string): string => response.slice(response.indexOf("\r\n\r\n") + 4);

/** What the control port shows of the first server. */
export const shown = async (balancer: Balancer) => json(await control(balancer, "GET", "/v1/servers")).servers[0];
