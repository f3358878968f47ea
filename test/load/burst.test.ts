import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { burst } from "../../src/load/burst.ts";
import { keyedRequests } from "../../src/load/requests.ts";
import type { Hit } from "../../src/results/hit.ts";

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function send(origin: string, more: Partial<Parameters<typeof burst>[0]> = {}): Promise<Hit[]> {
  const hits: Hit[] = [];
  await burst({
    origin,
    count: 100,
    concurrency: 8,
    timeoutMs: 5_000,
    request: keyedRequests("client-ip", (index) => `10.0.0.${index}`, null),
    onHit: (hit) => void hits.push(hit),
    signal: new AbortController().signal,
    ...more,
  });
  return hits;
}

describe("a burst", () => {
  test("sends exactly the count, each request once, at most so many at a time", async () => {
    let most = 0;
    const seen: (string | undefined)[] = [];
    let waiting: (() => void)[] = [];
    // Answers are held back until seven requests wait for one (or no more can come): only then is it really seven at a time.
    const origin = await serve((request, response) => {
      seen.push(request.headers["x-forwarded-for"] as string);
      waiting.push(() => response.setHeader("x-served-by", "one").end("{}"));
      most = Math.max(most, waiting.length);
      if (waiting.length < 7 && seen.length < 401) return;
      for (const respond of waiting) respond();
      waiting = [];
    });
    const hits = await send(origin, { count: 401, concurrency: 7 });
    expect(hits).toHaveLength(401);
    expect(hits.map((hit) => hit.index).sort((a, b) => a - b)).toEqual(Array.from({ length: 401 }, (_, i) => i));
    expect(new Set(seen).size).toBe(401);
    expect(most).toBe(7);
    for (const hit of hits)
      expect(hit).toMatchObject({ method: "GET", status: 200, server: "one", attempts: 1, error: null });
  });

  test("opens no more connections than requests", async () => {
    let connections = 0;
    const origin = await serve((_, response) => void response.end());
    server.on("connection", () => connections++);
    await send(origin, { count: 3, concurrency: 50 });
    expect(connections).toBe(3);
  });

  test("tells failures by kind and goes on", async () => {
    let n = 0;
    const origin = await serve((request, response) => {
      n++;
      if (n % 4 === 1) response.writeHead(503).end();
      else if (n % 4 === 2) request.socket.destroy();
      else if (n % 4 === 3)
        response.writeHead(200, { "content-length": "100" }).write("short", () => request.socket.destroy());
      else response.end();
    });
    const hits = await send(origin, { count: 40, concurrency: 1 });
    expect(hits).toHaveLength(40);
    const kinds = grouped(hits);
    expect(kinds["HTTP 503"]).toHaveLength(10);
    expect(kinds.CONNECTION_CLOSED).toHaveLength(20);
    expect(kinds.none).toHaveLength(10);
  });

  test("a server that never answers is a TIMEOUT; one that isn't there ECONNREFUSED", async () => {
    const origin = await serve(() => {});
    expect((await send(origin, { count: 2, timeoutMs: 1 })).map((hit) => hit.error)).toEqual(["TIMEOUT", "TIMEOUT"]);
    const refused = await send("http://127.0.0.1:1", { count: 5 });
    expect(refused.map((hit) => hit.error)).toEqual(Array(5).fill("ECONNREFUSED"));
  });

  test("takes key, server and attempts from the answer", async () => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { "x-served-by": "two", "x-request-id": "123456", "x-lbctl-attempts": "2" }).end();
    });
    const request = keyedRequests("request-id", () => "unused", null);
    const [hit] = await send(origin, { count: 1, request });
    expect(hit).toMatchObject({ key: "123456", server: "two", attempts: 2 });
  });

  test("waits for its listener: memory does not grow with a slow disk", async () => {
    const origin = await serve((_, response) => void response.end());
    let waiting = 0;
    let most = 0;
    await send(origin, {
      count: 50,
      concurrency: 4,
      onHit: async () => {
        most = Math.max(most, ++waiting);
        await new Promise(setImmediate);
        waiting--;
      },
    });
    expect(most).toBeLessThanOrEqual(4);
  });

  test("stops when aborted, without counting what was cut", async () => {
    const stop = new AbortController();
    let answered = 0;
    const origin = await serve((_, response) => {
      if (++answered <= 10) response.end();
      else stop.abort();
    });
    const hits = await send(origin, { count: 1_000_000, concurrency: 2, signal: stop.signal });
    expect(hits).toHaveLength(10);
    expect(hits.every((hit) => hit.error === null)).toBe(true);
  });
});

describe("keys travel where the balancer looks for them", () => {
  test.each([
    ["client-ip", { headers: { "x-forwarded-for": "k 1" }, path: "/api", key: "k 1" }],
    ["path", { path: "/api/k%201", key: "/api/k%201" }],
    ["uri", { path: "/api/k%201", key: "/api/k%201" }],
    ["header:X-User", { headers: { "x-user": "k 1" }, key: "k 1" }],
    ["cookie:sid", { headers: { cookie: "sid=k 1" }, key: "k 1" }],
    ["query:q", { path: "/api?q=k%201", key: "k 1" }],
    ["request-id", { path: "/api", key: null }],
  ])("%s", (kind, planned) => {
    expect(keyedRequests(kind, () => "k 1", null)(0)).toMatchObject(planned);
  });

  test("with a body they are POSTs", async () => {
    const bodies: string[] = [];
    const origin = await serve(async (request: IncomingMessage, response) => {
      bodies.push(`${request.method} ${(await request.setEncoding("utf8").toArray()).join("")}`);
      response.end();
    });
    await send(origin, { count: 3, request: keyedRequests("client-ip", () => "10.0.0.1", Buffer.from("hello")) });
    expect(bodies).toEqual(Array(3).fill("POST hello"));
  });
});

const grouped = (hits: Hit[]): Record<string, Hit[] | undefined> => {
  const kinds: Record<string, Hit[]> = {};
  for (const hit of hits) kinds[hit.error ?? "none"] = [...(kinds[hit.error ?? "none"] ?? []), hit];
  return kinds;
};
