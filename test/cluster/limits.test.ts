/** What a client may have of the balancer: behaviours 7, 29, 35 and 37, and the size of a body. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseHashKey } from "../../cluster/balancer/config/hash-key.ts";
import type { BalancerEvent } from "../../cluster/balancer/telemetry/events.ts";
import {
  ask,
  closeOf,
  control,
  exchange,
  json,
  member,
  pollTimeout,
  servedBy,
  startFor,
  startHttp,
  startOne,
  startScripted,
  startServers,
  token,
} from "./harness.ts";
import { builtProgram, run } from "./program.ts";

const program = builtProgram("balancer");

function open(port: number, bytes = "", localAddress = "127.0.0.1"): Socket {
  const socket = connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true });
  socket.on("error", () => {}).write(bytes);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const health = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const last = "Host: x\r\nConnection: close\r\n";
const statusOf = (response: string): number => Number(/^HTTP\/1.1 (\d+)/.exec(response)?.[1]);

/** A connection that is let in: it has been answered, and stays. */
async function enter(port: number, localAddress?: string): Promise<Socket> {
  const socket = open(port, health, localAddress);
  expect(String(await once(socket, "data"))).toMatch(/"servers"/);
  return socket;
}

describe("7: the head of a request", () => {
  test.each([
    ["its line", `GET /${"a".repeat(300)} HTTP/1.1\r\n${last}\r\n`, 414],
    ["a header line", `GET /health HTTP/1.1\r\n${last}X: ${"a".repeat(300)}\r\n\r\n`, 431],
    ["all of it", `GET /health HTTP/1.1\r\n${last}${`X: ${"a".repeat(200)}\r\n`.repeat(3)}\r\n`, 431],
    ["the number of fields", `GET /health HTTP/1.1\r\n${last}${"X: y\r\n".repeat(7)}\r\n`, 431],
  ])("is limited as it is set: %s", async (_, bytes, status) => {
    const small = await startFor([], { maxLineBytes: 256, maxHeadBytes: 512, maxFields: 8 });
    const usual = await startFor([]);
    expect(statusOf(await exchange(small.port, bytes))).toBe(status);
    expect(statusOf(await exchange(usual.port, bytes))).toBe(503);
  });

  test("of an answer may be twice as large", async () => {
    const response = (length: number) => `HTTP/1.1 200 OK\r\nX: ${"a".repeat(length)}\r\nContent-Length: 0\r\n\r\n`;
    for (const [length, status] of [
      [400, 200],
      [600, 502],
    ] as const) {
      const port = await startScripted(response(length));
      const balancer = await startFor([member("a", port)], { maxLineBytes: 256, maxHeadBytes: 4_096 });
      expect((await ask(balancer.port)).status).toBe(status);
    }
  });
});

describe("a body over --max-body", () => {
  const limited = async () => {
    const server = await startOne("a");
    return startFor([member("a", server.port)], { maxBodyBytes: 10 });
  };

  test("is refused with 413 by its length, before any of it comes", async () => {
    const { port } = await limited();
    const head = `POST /data HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n`;
    expect(await exchange(port, head)).toMatch(/^HTTP\/1.1 413 .*Connection: close.*"reason":"body-too-large"/s);
  });

  test("is refused with 413 as its chunks come, and counts against no server", async () => {
    const balancer = await limited();
    const head = `POST /data HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await exchange(balancer.port, `${head}6\r\nabcdef\r\n5\r\nghijk\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    const shown = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0];
    await expect.poll(shown, pollTimeout).toMatchObject({ inFlight: 0, failures: 0 });
  });

  test("is one byte longer than one that passes", async () => {
    const { port } = await limited();
    const head = `POST /data HTTP/1.1\r\n${last}`;
    expect(statusOf(await exchange(port, `${head}Content-Length: 10\r\n\r\n0123456789`))).toBe(200);
    const chunks = "6\r\nabcdef\r\n4\r\nghij\r\n0\r\n\r\n";
    expect(statusOf(await exchange(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`))).toBe(200);
  });
});

test("35: with no rate asked for, a body of which nothing comes is cut all the same", async () => {
  const port = await startHttp((request) => void request.resume());
  const balancer = await startFor([member("a", port)], { stallTimeoutMs: 100, minBodyRate: 0 });
  const body = open(balancer.port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1");
  expect(await text(body)).toMatch(/^HTTP\/1.1 408 /);
});

describe("37: connections", () => {
  test("are so many in all, and those beyond get a 503 that is counted, and no line of a log", async () => {
    const events: BalancerEvent[] = [];
    const balancer = await startFor([], { maxConnections: 2 }, (event) => events.push(event));
    const first = await enter(balancer.port);
    await enter(balancer.port);
    for (const bytes of ["", health])
      expect(await exchange(balancer.port, bytes)).toMatch(/^HTTP\/1.1 503 .*Retry-After.*"too-many-connections"/s);
    const metrics = (await control(balancer, "GET", "/metrics")).body.toString();
    expect(metrics).toMatch(/^lbctl_requests_total\{server="",code="503"\} 2$/m);
    expect(events).toEqual([]);
    first.destroy();
    await closeOf(first);
    await expect
      .poll(() => exchange(balancer.port, `GET /health HTTP/1.1\r\n${last}\r\n`), pollTimeout)
      .toMatch(/"servers"/);
  });

  test("of one address are so many, whatever others have", async () => {
    const { port } = await startFor([], { maxClientConnections: 1 });
    const only = await enter(port);
    expect(await exchange(port, health)).toMatch(/"too-many-connections"/);
    await enter(port, "127.0.0.2");
    only.destroy();
    await closeOf(only);
    await expect.poll(() => exchange(port, `GET /health HTTP/1.1\r\n${last}\r\n`), pollTimeout).toMatch(/"servers"/);
  });

  test("of a trusted peer, which speaks for others, are any number", async () => {
    const { port } = await startFor([], { maxClientConnections: 1, trust: ["loopback"] });
    await enter(port);
    await enter(port);
  });

  test("are shared out among workers", async () => {
    const { port } = await run(program, {
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_WORKERS: "2",
      LBCTL_MAX_CONNECTIONS: "2",
      LBCTL_TOKEN: token,
    });
    const responses = Array.from({ length: 4 }, async () => String(await once(open(port, health), "data")));
    const refused = (await Promise.all(responses)).filter((response) => response.includes("too-many-connections"));
    expect([2, 3]).toContain(refused.length);
  });
});

test("37: connections to a server are shared out among workers, too", async () => {
  const held: ServerResponse[] = [];
  const port = await startHttp((_, response) => void held.push(response));
  const balancer = await run(program, {
    LBCTL_LISTEN: "127.0.0.1:0",
    LBCTL_WORKERS: "2",
    LBCTL_MAX_SERVER_CONNECTIONS: "2",
    LBCTL_MAX_PENDING: "0",
    LBCTL_CHECK: "off",
    LBCTL_SERVERS: `a=127.0.0.1:${port}`,
  });
  const statuses: number[] = [];
  const asked = Array.from({ length: 6 }, async () => statuses.push((await ask(balancer.port)).status));
  await expect.poll(() => statuses, pollTimeout).toEqual([503, 503, 503, 503]);
  await expect.poll(() => held.length, pollTimeout).toBe(2);
  for (const response of held) response.end();
  await Promise.all(asked);
  expect(statuses).toEqual([503, 503, 503, 503, 200, 200]);
});

describe("29: --retry-on 503", () => {
  const full = "HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n";
  const byHeader = { key: { kind: "header", name: "x-key" }, retryOn: [503] } as const;

  /** A balancer before a server that answers so and one that is well, and a key of the first. */
  async function beforeBoth(response: string, more: Parameters<typeof startFor>[1] = {}) {
    const [well] = await startServers(1);
    if (well === undefined) throw new Error("no server");
    const isToEnd = response.endsWith("closed");
    const port = await startScripted(response, (socket) => void (isToEnd && socket.end()));
    const balancer = await startFor([member("full", port), well], { ...byHeader, ...more });
    for (let key = 0; ; key += 1) {
      const reply = await control(balancer, "GET", `/v1/placement?key=${key}`);
      if (json(reply).candidates[0] === "full") return { balancer, headers: { "x-key": String(key) } };
    }
  }

  test.each([full, "HTTP/1.1 503 Full\r\nContent-Length: 9\r\n\r\ntry later", "HTTP/1.1 503 Full\r\n\r\nclosed"])(
    "gives a GET to another server after %j, and a POST to none",
    async (response) => {
      const { balancer, headers } = await beforeBoth(response);
      for (let again = 0; again < 3; again += 1) {
        const got = await ask(balancer.port, { headers });
        expect([servedBy(got), got.headers["x-lbctl-attempts"]]).toEqual(["server-1", "2"]);
      }
      expect((await ask(balancer.port, { headers, method: "POST", body: "x" })).status).toBe(503);
      const { servers } = json(await control(balancer, "GET", "/v1/servers"));
      const counts = servers.find(({ name }: { name: string }) => name === "full");
      expect(counts).toMatchObject({ retries: 3, failures: 0, inFlight: 0 });
    },
  );

  test("gives a PUT to another server with all of its body", async () => {
    const well = await startHttp(async (request, response) => response.end(await text(request)));
    const members = [member("full", await startScripted(full)), member("well", well)];
    const balancer = await startFor(members, { ...byHeader, key: parseHashKey("uri"), attempts: 2 });
    const body = "x".repeat(10_000);
    for (let at = 0; at < 20; at += 1)
      expect((await ask(balancer.port, { method: "PUT", path: `/${at}`, body })).body.toString()).toBe(body);
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    expect(servers[0].retries).toBeGreaterThan(0);
  });

  test("30: passes the answer on where the retry budget is spent", async () => {
    const { balancer, headers } = await beforeBoth(full, { retryPercent: 0, retryFloor: 0 });
    expect((await ask(balancer.port, { headers })).status).toBe(503);
  });

  test("passes the answer on where there is nobody else", async () => {
    const balancer = await startFor([member("full", await startScripted(full))], byHeader);
    expect((await ask(balancer.port)).status).toBe(503);
  });
});
