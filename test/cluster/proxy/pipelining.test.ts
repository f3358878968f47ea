/** Requests on one connection to their server without waiting for each other's response: behaviour 48. */
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { closeOf, member, signal, startFor, startHttp, startRaw } from "../harness.ts";
import { askAtOnce, pathOf, pathsOf, startDropping, startMeasured } from "./pipelined-servers.ts";
import {
  bodyOf,
  get,
  nextResponse,
  ok,
  open,
  openWarm,
  pipelined,
  post,
  send,
  shown,
  startEach,
  statusesOf,
} from "./raw.ts";

/** Pipelining, and so few connections that requests of one turn have to share them. */
const crowded = { ...pipelined, maxServerConnections: 4 } as const;

const ownOf = (clients: readonly Socket[]): string[] => clients.map((_, at) => pathOf(at));

describe("48: with pipelining", () => {
  test("each request gets its own response, whatever connection it is on", async () => {
    const { port, seen } = await startMeasured();
    const balancer = await startFor([member("a", port)], crowded);
    const clients = await openWarm(balancer, 20);
    for (let round = 0; round < 5; round += 1) expect(await askAtOnce(clients)).toEqual(ownOf(clients));
    expect(seen.most).toBeGreaterThan(1);
    expect(await shown(balancer)).toMatchObject({ requests: 120, failures: 0, inFlight: 0 });
  });

  test("requests lose nothing when the server ends its connections after a few responses", async () => {
    const port = await startEach((socket, { path }, served) => {
      if (served === 3) socket.end(ok(path, "Connection: close\r\n"));
      else if (served < 3) socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)], crowded);
    const clients = await openWarm(balancer, 20);
    for (let round = 0; round < 5; round += 1) expect(await askAtOnce(clients)).toEqual(ownOf(clients));
    expect(await shown(balancer)).toMatchObject({ failures: 0, inFlight: 0 });
  });

  test("what a server dropped behind a request is sent again, and it gets one at a time from then on", async () => {
    const { port, dropped } = await startDropping();
    const balancer = await startFor([member("a", port)], { ...crowded, responseTimeoutMs: 10_000 });
    const clients = await openWarm(balancer, 16);
    expect(await askAtOnce(clients)).toEqual(ownOf(clients));
    expect(dropped.length).toBeGreaterThan(0);
    dropped.length = 0;
    for (let round = 0; round < 5; round += 1) expect(await askAtOnce(clients)).toEqual(ownOf(clients));
    expect(dropped).toEqual([]);
  });

  test("a request has its deadline wherever it stands: what has become the first and is not answered is sent again", async () => {
    let isCaught = false;
    const port = await startRaw((socket) => {
      let isStuck = false;
      socket.setEncoding("latin1").on("data", (chunk) => {
        const asked = pathsOf(chunk);
        // Once, it responds to two of several requests, and to nothing more on that connection.
        const answered = isStuck ? [] : !isCaught && asked.length > 2 ? asked.slice(0, 2) : asked;
        isStuck ||= answered.length < asked.length;
        isCaught ||= isStuck;
        socket.write(answered.map((path) => ok(path)).join(""));
      });
    });
    const balancer = await startFor([member("a", port)], { ...crowded, responseTimeoutMs: 10_000 });
    const clients = await openWarm(balancer, 20);
    expect(await askAtOnce(clients)).toEqual(ownOf(clients));
    expect(isCaught).toBe(true);
  });

  test("requests do not wait for a slow one among them", async () => {
    const waiting: (() => void)[] = [];
    let isWarm = false;
    const port = await startHttp(({ url = "" }, response) => {
      // The first of each ten is only answered when all of the others are.
      if (!url.endsWith("0") || !isWarm) response.end(url);
      else waiting.push(() => response.end(url));
    });
    const balancer = await startFor([member("a", port)], pipelined);
    const clients = await openWarm(balancer, 40);
    isWarm = true;
    const responses = clients.map((client, at) => send(client, get(pathOf(at))));
    await Promise.all(responses.filter((_, at) => at % 10 !== 0));
    // Some may have been asked for twice: each of their responses is let go.
    for (const respond of waiting) respond();
    expect((await Promise.all(responses)).map(bodyOf)).toEqual(ownOf(clients));
  });

  test("requests that may not be made twice have a connection each", async () => {
    let most = 0;
    const port = await startRaw((socket) =>
      socket.setEncoding("latin1").on("data", (chunk) => {
        const count = String(chunk).split("POST ").length - 1;
        most = Math.max(most, count);
        socket.write(ok("x").repeat(Math.max(1, count)));
      }),
    );
    const balancer = await startFor([member("a", port)], crowded);
    const clients = await openWarm(balancer, 20);
    for (let round = 0; round < 5; round += 1) {
      const responses = await Promise.all(clients.map((client, at) => send(client, post(pathOf(at), "body"))));
      expect(responses.map(statusesOf)).toEqual(clients.map(() => [200]));
    }
    expect(most).toBe(1);
  });

  test("a client that leaves costs the others nothing", async () => {
    const { port } = await startMeasured();
    const balancer = await startFor([member("a", port)], crowded);
    const clients = await openWarm(balancer, 20);
    for (let round = 0; round < 10; round += 1) {
      const leaver = open(balancer);
      await send(leaver, get("/warm"));
      leaver.write(get("/gone"));
      const all = askAtOnce(clients);
      leaver.resetAndDestroy();
      expect(await all).toEqual(ownOf(clients));
    }
    expect(await shown(balancer)).toMatchObject({ failures: 0, inFlight: 0 });
  });

  test("38: a connection ends when all of its clients have left", async () => {
    const begun = signal<Socket>();
    const port = await startEach((socket, { path }) => {
      if (path === "/warm") socket.write(ok(path));
      else if (path === "/endless") {
        // What is behind it is not answered, as if this were never whole.
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n");
        begun.resolve(socket);
      }
    });
    const balancer = await startFor([member("a", port)], pipelined);
    const clients = await openWarm(balancer, 2);
    for (const [at, client] of clients.entries()) client.write(get(at === 0 ? "/endless" : "/behind"));
    const connection = await begun.promise;
    for (const client of clients) client.resetAndDestroy();
    await closeOf(connection);
    await expect.poll(async () => (await shown(balancer)).inFlight).toBe(0);
  });
});

test("48: what waits behind a slow one is sent again at once, outside the retry budget", async () => {
  const slow = signal();
  const port = await startHttp(async ({ url = "" }, response) => {
    if (url === "/slow") await slow.promise;
    response.end(url);
  });
  const balancer = await startFor([member("a", port)], { ...pipelined, retryPercent: 0, retryFloor: 0 });
  const [first, ...others] = await openWarm(balancer, 4);
  const late = first && send(first, get("/slow"));
  for (const client of others) client.write(get("/own"));
  await Promise.all(others.map(nextResponse));
  expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, retryOverflow: 0, inFlight: 1 });
  slow.resolve();
  expect(statusesOf((await late) ?? "")).toEqual([200]);
});
