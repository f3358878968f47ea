// How much memory the balancer takes: for connections that are idle, for bodies of gigabytes, after many requests.
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { count } from "../../../dist/src/format.js";
import { progress } from "../measure.js";
import { end } from "./children.js";
import { apart } from "./machine.js";
import { generated } from "./rounds.js";
import { mebibytes, shown } from "./shown.js";
import { lbctl, startServers, startTargets } from "./targets.js";
import { peakBytes, residentBytes } from "./usage.js";

/** How long buffers that are let go of may take to be so. */
const SETTLE_MS = 1_000;

/** A balancer of its own for `measure`: what it needed before does not count. */
async function withBalancer(ports, measure) {
  const [target] = await startTargets([lbctl("1 worker")], ports, apart);
  const result = await measure(target);
  end(target.child);
  return result;
}

/** A client that had an answer, and keeps its connection. */
async function idleClient(port) {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  socket.write("GET /data HTTP/1.1\r\nHost: bench\r\n\r\n");
  await Promise.race([once(socket, "data"), once(socket, "close")]);
  return socket;
}

const measureIdle = (ports, connections) =>
  withBalancer(ports, async ({ port, child }) => {
    const began = residentBytes(child.pid);
    const clients = [];
    while (clients.length < connections)
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => idleClient(port)))));
    await setTimeout(SETTLE_MS);
    const result = { began, connections: clients.filter(({ destroyed }) => !destroyed).length };
    result.bytes = residentBytes(child.pid);
    for (const client of clients) client.destroy();
    return result;
  });

const piece = Buffer.alloc(65_536, "a body ");

function* pieces(bytes) {
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}

/** Counts what comes. */
async function sizeOf(stream) {
  let bytes = 0;
  stream.on("data", (chunk) => {
    bytes += chunk.length;
  });
  await once(stream, "end");
  return bytes;
}

/** A server that reads bodies, and answers with as long ones. */
async function bodyServer(bytes) {
  const server = createServer(async (asked, answer) => {
    answer.setHeader("X-Size", await sizeOf(asked));
    if (asked.method === "GET") await pipeline(Readable.from(pieces(bytes)), answer).catch(() => {});
    else answer.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function sent(port, method, bytes) {
  const asking = request({ port, host: "127.0.0.1", method, path: "/", agent: false });
  const answered = once(asking, "response");
  await pipeline(Readable.from(pieces(bytes)), asking);
  const [answer] = await answered;
  return { received: Number(answer.headers["x-size"]), returned: await sizeOf(answer) };
}

async function measureBodies(bytes) {
  const server = await bodyServer(bytes);
  const { port: serverPort } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const result = await withBalancer([serverPort], async ({ port, child }) => {
    const { received } = await sent(port, "POST", bytes);
    const { returned } = await sent(port, "GET", 0);
    return { bytes: Math.min(received, returned), peakBytes: peakBytes(child.pid) };
  });
  server.close();
  return result;
}

const measureRequests = (ports, steps, step) =>
  withBalancer(ports, async (target) => {
    const { child } = target;
    const results = [{ requests: 0, bytes: residentBytes(child.pid) }];
    for (let i = 1; i <= steps; i++) {
      progress(`memory after ${count(i * step)} requests …`);
      await generated(target, { count: step });
      results.push({ requests: i * step, bytes: residentBytes(child.pid) });
    }
    return results;
  });

async function measure(quick) {
  const servers = await startServers(apart);
  progress("memory of idle connections …");
  const idle = await measureIdle(servers.ports, quick ? 500 : 10_000);
  progress("memory while bodies pass …");
  const bodies = await measureBodies(quick ? 2 ** 24 : 2 ** 32);
  const requests = await measureRequests(servers.ports, quick ? 2 : 5, quick ? 500 : 200_000);
  progress("");
  servers.end();
  return { idle, bodies, requests };
}

const size = (bytes) => (bytes < 2 ** 30 ? `${mebibytes(bytes)} MiB` : `${bytes / 2 ** 30} GiB`);

function text({ idle, bodies, requests }) {
  const [, first] = requests;
  const rows = [
    ["as it starts", mebibytes(idle.began), ""],
    [`with ${count(idle.connections)} idle connections`, mebibytes(idle.bytes), "200, with 10,000"],
    [`${size(bodies.bytes)} in and ${size(bodies.bytes)} out, at most`, mebibytes(bodies.peakBytes), "120, of 4 GiB"],
    ...requests
      .slice(1)
      .map((step) => [
        `after ${count(step.requests)} requests`,
        mebibytes(step.bytes),
        step === first ? "" : "no growth",
      ]),
  ];
  return shown(["Memory of lbctl, 1 worker", "MiB", "Wanted below"], rows, []);
}

export const memory = { measure, text };
