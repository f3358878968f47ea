/** What the tests of the cluster share: real servers, real balancers, real sockets; each is closed when its test ends. */
import { createServer, type IncomingHttpHeaders, type RequestListener, request } from "node:http";
import { connect, createServer as createNetServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import { type BalancerConfig, defaultCheck, withDefaults } from "../../cluster/balancer/config/config.ts";
import { type RunningBalancer, startBalancer } from "../../cluster/balancer/start.ts";
import type { BalancerEvent } from "../../cluster/balancer/telemetry/events.ts";
import { listen } from "../../cluster/listen.ts";
import { startServer } from "../../cluster/server/server.ts";
import type { Member } from "../../src/placement/index.ts";

export const anywhere = { host: "127.0.0.1", port: 0 };
export const token = "a token of the tests".replaceAll(" ", "-");
const noCheck = { ...defaultCheck, kind: "off" } as const;

export const member = (name: string, port: number): Member => ({ name, weight: 1, address: `127.0.0.1:${port}` });

/** For `expect.poll`: until the test's own timeout, as often as may be. */
export const pollTimeout = { timeout: 30_000, interval: 1 } as const;

/** Starts `count` servers, named server-1 and on. */
export async function startServers(count: number): Promise<Member[]> {
  const names = Array.from({ length: count }, (_, index) => `server-${index + 1}`);
  return Promise.all(names.map(async (name) => member(name, (await startOne(name)).port)));
}

export async function startOne(name: string, port = 0) {
  const server = await startServer({ name, host: "127.0.0.1", port });
  onTestFinished(() => server.close());
  return server;
}

/** Starts a server with Node's HTTP; returns its port. */
export function startHttp(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server, anywhere);
}

/** Starts a server that does with each connection what it is told to; returns its port. */
export function startRaw(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  const sockets = new Set<Socket>();
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server, anywhere);
}

/** Starts a server that answers every head with the same bytes, then calls `after` or leaves the connection open. */
export const startScripted = (response: string, after?: (socket: Socket) => void): Promise<number> =>
  startRaw((socket) =>
    socket.on("data", () => {
      socket.write(response, "latin1", () => after?.(socket));
    }),
  );

let lastDead = 0;

/** A port at which nothing listens. Not one just given back: another test may be given it at once. */
export const deadPort = (): number => ++lastDead;

export interface Balancer extends RunningBalancer {
  readonly controlPort: number;
}

/** What can be asked on its control port. */
type Controlled = Pick<Balancer, "controlPort">;

/** Starts a balancer without checks, with a control port, in front of `members`. */
export async function startFor(
  members: readonly Member[],
  more: Partial<BalancerConfig> = {},
  log?: (event: BalancerEvent) => void,
): Promise<Balancer> {
  const config = withDefaults({
    listen: anywhere,
    control: anywhere,
    token,
    members,
    check: noCheck,
    drainMs: 2_000,
    ...more,
  });
  const balancer = await startBalancer(config, log);
  onTestFinished(() => balancer.close());
  const { controlPort } = balancer;
  if (controlPort === null) throw new Error("the balancer has no control port");
  return { ...balancer, controlPort };
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  /** An object, or names and values by turns for order and duplicates. */
  readonly headers?: Record<string, string> | readonly string[];
  readonly body?: string | Buffer | Readable;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Sends one request on a connection of its own; rejects when the answer breaks off. */
export function ask(port: number, { method = "GET", path = "/data", headers = {}, body }: Ask = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path, agent: false, headers: withLength(headers, body) };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, rawHeaders } = response;
        resolve({ status, headers: response.headers, rawHeaders, body: Buffer.concat(chunks) });
      });
    });
    sent.on("error", reject);
    if (body instanceof Readable) body.pipe(sent);
    else sent.end(body);
  });
}

/** Node frames no body of a DELETE by itself. Its types know no list of fields, which it takes all the same. */
const withLength = (headers: NonNullable<Ask["headers"]>, body: Ask["body"]): Record<string, string> =>
  body === undefined || body instanceof Readable || Array.isArray(headers)
    ? (headers as Record<string, string>)
    : { ...(headers as Record<string, string>), "content-length": String(Buffer.byteLength(body)) };

export const json = (reply: Reply) => JSON.parse(reply.body.toString());

/** The server that answered. */
export const servedBy = (reply: Reply): string => String(reply.headers["x-served-by"]);

/** Sends bytes as they are, and resolves to all that comes back until the far end closes. */
export function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(bytes, "latin1"));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

/** Resolves when a connection is closed, in whatever way. */
export const closeOf = (socket: Socket): Promise<void> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));

/** Asks the control port, with the token unless `headers` says otherwise. */
export const control = (
  { controlPort }: Controlled,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> =>
  ask(controlPort, {
    method,
    path,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });

export const putServers = (balancer: Controlled, members: readonly Member[]): Promise<Reply> =>
  control(balancer, "PUT", "/v1/servers", { servers: members });

interface StreamedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface EventReader {
  /** The next event of a type; those of other types before it are dropped. */
  next(type: string): Promise<StreamedEvent>;
  close(): void;
}

/** Attaches to the balancer's events. */
export function readEvents({ controlPort }: Controlled, path = "/v1/events"): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request({ host: "127.0.0.1", port: controlPort, path, agent: false, headers }, (response) => {
      const lines = linesOf(response.setEncoding("utf8"));
      onTestFinished(() => void sent.destroy());
      response.on("error", () => {});
      resolve({ next: (type) => nextEvent(lines, type), close: () => sent.destroy() });
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function nextEvent(lines: AsyncGenerator<string>, type: string): Promise<StreamedEvent> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the stream ended before an event '${type}'`);
    if (!value.startsWith("data: ")) continue;
    const event: StreamedEvent = JSON.parse(value.slice(6));
    if (event.type === type) return event;
  }
}

/** A promise and the function that resolves it. */
export function signal<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
