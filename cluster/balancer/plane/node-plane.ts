/** The data plane on Node's own HTTP server towards clients, and undici's pools towards servers. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gracefulClose, listen } from "../../listen.ts";
import { clientAddress, type Trust } from "../trust.ts";
import { stateOf } from "../upstream.ts";
import { type Client, Clients, refuse } from "./client.ts";
import { Exchange, type ExchangeContext, type Forwarding } from "./exchange.ts";
import { connectionOptions, requestFields } from "./fields.ts";
import { ownUsage, type StartDataPlane } from "./plane.ts";
import { Pools } from "./pools.ts";
import { isHealthPath, parseTarget, serverPath, type Target } from "./target.ts";

/** A whole request must have arrived after 300 s; an idle connection is kept for 60 s. Node looks for late ones each second. */
const limits = {
  requestTimeout: 300_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
  requireHostHeader: false,
};

/** Starts to take requests; rejects with the system's error when the port is taken. */
export const startNodePlane: StartDataPlane = async (options) => {
  const clients = new Clients(options.trust);
  const pools = new Pools(options);
  const refusals = new Map<number, number>();
  let closing = false;
  const context: ExchangeContext = {
    members: options.members,
    pools,
    isClosing: () => closing,
    done: (seconds, refused) => {
      options.durations.observe(seconds);
      if (refused !== null) refusals.set(refused, (refusals.get(refused) ?? 0) + 1);
    },
  };
  const server = createServer({ ...limits, headersTimeout: options.headTimeoutMs }, (request, response) => {
    const client = clients.of(request.socket);
    client.take(response, () => accept(context, options.trust, { client, request, response }));
  });
  const closeServer = gracefulClose(server);
  server.on("connection", (socket) => clients.add(socket));
  server.on("clientError", (error, socket) => clients.refuseUnread(error, socket));
  server.on("connect", (_request, socket) => clients.refuse(socket, "method-not-allowed"));
  server.setTimeout(options.stallTimeoutMs, (socket) => clients.stalled(socket));
  const port = await listen(server, options.listen);
  return {
    port,
    refusals,
    get connections() {
      return clients.size;
    },
    get usage() {
      return ownUsage();
    },
    // It looks at the members itself, and counts in place.
    update: () => {},
    refresh: async () => {},
    forget: (upstream) => pools.forget(upstream),
    close: async (deadlineMs) => {
      closing = true;
      await closeServer(deadlineMs);
      await pools.close();
    },
  };
};

interface Arrival {
  readonly client: Client;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Takes a request: answers it here, or sends it on its way. */
function accept(context: ExchangeContext, trust: Trust, arrival: Arrival): void {
  const { request, response } = arrival;
  const target = parseTarget(request.url ?? "");
  const dropped = connectionOptions(request.headers.connection);
  if (request.method === "TRACE") context.done(0, refuse(response, "method-not-allowed"));
  else if (target === null || dropped === null || lacksHost(request))
    context.done(0, refuse(response, "bad-request", ["Connection", "close"]));
  else if (isHealthPath(target.path)) answerHealth(context, arrival);
  else new Exchange(context, forwarding(arrival, target, dropped, trust)).attempt();
}

/** Node would refuse this itself (RFC 9112, 3.2), but without a body. */
const lacksHost = ({ httpVersionMinor, headers }: IncomingMessage): boolean =>
  httpVersionMinor === 1 && headers.host === undefined;

function forwarding(arrival: Arrival, target: Target, dropped: ReadonlySet<string>, trust: Trust): Forwarding {
  const { client, request } = arrival;
  const { headers, rawHeaders, method = "GET" } = request;
  const forwarded = headers["x-forwarded-for"];
  const length = headers["content-length"];
  return {
    ...arrival,
    method,
    target: target.path,
    path: serverPath(target.path),
    clientAddress: clientAddress(client.address, forwarded === undefined ? undefined : String(forwarded), trust),
    field: (name) => (Object.hasOwn(headers, name) ? headers[name]?.toString() : undefined),
    fields: requestFields({ raw: rawHeaders, joined: headers, dropped, authority: target.authority }, client),
    hasBody: (length !== undefined && length !== "0") || headers["transfer-encoding"] !== undefined,
  };
}

/** The balancer's own health: 200, or 503 when there is no server to give a request to. */
function answerHealth({ members, done }: ExchangeContext, { request, response }: Arrival): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    done(0, refuse(response, "method-not-allowed"));
    return;
  }
  const servers = members.view.upstreams.map((upstream) => ({ name: upstream.name, state: stateOf(upstream) }));
  const healthy = servers.some(({ state }) => state === "up");
  const body = JSON.stringify({ status: healthy ? "ok" : "no server available", servers });
  const fields = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
  response.writeHead(healthy ? 200 : 503, fields);
  response.end(body);
}
