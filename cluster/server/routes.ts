import { createHash } from "node:crypto";
import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from "node:http";

/** One request and what its handler needs to respond to it. */
interface Exchange {
  readonly server: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** Without its question mark; undefined when there is none. */
  readonly query: string | undefined;
}

type Handler = (exchange: Exchange) => void;

interface Route {
  readonly allow: string;
  readonly handlers: Readonly<Record<string, Handler>>;
}

const json = "application/json";

const readOnly = (handler: Handler): Route => ({ allow: "GET, HEAD", handlers: { GET: handler, HEAD: handler } });

const routes: ReadonlyMap<string, Route> = new Map([
  ["/data", { allow: "GET, HEAD, POST", handlers: { GET: describe, HEAD: describe, POST: digest } }],
  ["/home", readOnly((it) => send(it, 200, { message: `Hello from Server: ${it.server}`, status: "successful" }))],
  ["/heartbeat", readOnly((it) => sendText(it, 200, ""))],
  ["/health", readOnly((it) => send(it, 200, { status: "ok", server: it.server, uptimeSeconds: process.uptime() }))],
]);

/** The request listener of the server called `server`: every response is JSON and says who gave it. */
export function handlerFor(server: string): RequestListener {
  return (request, response) => {
    const target = request.url ?? "/";
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? undefined : target.slice(mark + 1);
    route({ server, request, response, path, query });
  };
}

function route(exchange: Exchange): void {
  const { path, request } = exchange;
  const found = routes.get(path.startsWith("/data/") ? "/data" : path);
  const handler = found?.handlers[request.method ?? ""];
  // Node would reject this itself (RFC 9112, 3.2), but without a body.
  if (request.headers.host === undefined && request.httpVersionMinor === 1)
    fail(exchange, 400, "Host is missing", ["Connection", "close"]);
  else if (handler !== undefined) handler(exchange);
  else if (found === undefined) fail(exchange, 404, `there is nothing at ${path}`);
  else fail(exchange, 405, `${path} takes ${found.allow}`, ["Allow", found.allow]);
}

function describe(exchange: Exchange): void {
  const { server, path, query } = exchange;
  send(exchange, 200, { server, path, query });
}

/** Reads the body as it comes, in constant memory, and responds with its size and digest. */
function digest(exchange: Exchange): void {
  const hash = createHash("sha256");
  let bytes = 0;
  exchange.request.on("error", () => exchange.response.destroy());
  exchange.request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  exchange.request.on("end", () => {
    const { server, path, query } = exchange;
    send(exchange, 200, { server, path, query, bytes, sha256: hash.digest("hex") });
  });
}

const send = (exchange: Exchange, status: number, body: object): void =>
  sendText(exchange, status, JSON.stringify(body));

const fail = (exchange: Exchange, status: number, message: string, fields: readonly string[] = []): void =>
  sendText(exchange, status, errorBody(status, message), fields);

function sendText({ server, response }: Exchange, status: number, text: string, fields: readonly string[] = []): void {
  const length = String(Buffer.byteLength(text));
  response.writeHead(status, ["Content-Type", json, "Content-Length", length, "X-Served-By", server, ...fields]);
  response.end(text);
}

const errorBody = (status: number, message: string): string =>
  JSON.stringify({ error: { reason: STATUS_CODES[status] ?? "Error", message } });

const statusOfParseError: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** A whole response, as bytes on the wire, for something that could not be read as a request. */
export function badRequest(error: NodeJS.ErrnoException, server: string): string {
  const status = statusOfParseError[error.code ?? ""] ?? 400;
  const body = errorBody(status, "the request could not be read as HTTP/1.1");
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${json}\r\nX-Served-By: ${server}\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
