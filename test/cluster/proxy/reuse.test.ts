/** When a connection to a server is used again, and what a stale one costs: behaviours 49 to 51. */
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { ask, closeOf, member, type Reply, startFor, startHttp } from "../harness.ts";
import { get, ok, open, post, send, shown, startEach, statusesOf } from "./raw.ts";

const rounds = Array.from({ length: 20 }, (_, round) => round);

describe("49: a server that closes with its response and does not say so", () => {
  test.each([
    ["GET", get],
    ["POST", (path: string) => post(path, "body")],
  ])("costs a %s nothing that comes in the same turn, and has it once", async (_method, write) => {
    const seen: string[] = [];
    let onFirst = (): void => {};
    const port = await startEach((socket, { path }) => {
      seen.push(path);
      socket.end(ok(path));
      if (path.startsWith("/first")) onFirst();
    });
    const balancer = await startFor([member("a", port)]);
    const [first, second] = [open(balancer), open(balancer)];
    await Promise.all([send(first, get("/warm")), send(second, get("/warm"))]);
    for (const round of rounds) {
      seen.length = 0;
      const other = new Promise<string>((resolve) => {
        // The response, the end behind it and the next request are all there when the balancer reads again.
        onFirst = () => resolve(send(second, write(`/second/${round}`)));
      });
      expect(statusesOf(await send(first, get(`/first/${round}`)))).toEqual([200]);
      expect(statusesOf(await other)).toEqual([200]);
      expect(seen).toEqual([`/first/${round}`, `/second/${round}`]);
    }
    expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, inFlight: 0 });
  });

  test("gets a connection for each request from then on", async () => {
    const sockets: Socket[] = [];
    const port = await startEach((socket, { path }) => {
      sockets.push(socket);
      if (sockets.length === 1) socket.end(ok(path));
      else socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)]);
    await ask(balancer.port);
    await closeOf(sockets[0] as Socket);
    for (let count = 0; count < 5; count += 1) expect((await ask(balancer.port)).status).toBe(200);
    expect(new Set(sockets).size).toBe(6);
  });

  test("is told from one that says so, and from one that keeps its connections", async () => {
    const sockets = new Set<Socket>();
    const port = await startEach((socket, { path }) => {
      sockets.add(socket);
      if (path === "/said") socket.end(ok(path, "Connection: close\r\n"));
      else socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)]);
    await ask(balancer.port, { path: "/said" });
    await closeOf([...sockets][0] as Socket);
    for (let count = 0; count < 5; count += 1) await ask(balancer.port);
    expect(sockets.size).toBe(2);
  });
});

describe("50: a kept connection that is reset", () => {
  const orders = {
    before: (reset: () => void, ask: () => Promise<string>) => {
      reset();
      return ask();
    },
    after: (reset: () => void, ask: () => Promise<string>) => {
      const response = ask();
      reset();
      return response;
    },
  };

  test.each(["before", "after"] as const)("%s a POST comes, in the same turn, costs it nothing", async (order) => {
    const seen: string[] = [];
    const sockets: Socket[] = [];
    const port = await startEach((socket, { path }) => {
      seen.push(path);
      sockets.push(socket);
      socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)], { ejectAfter: 1 });
    const client = open(balancer);
    for (const round of rounds) {
      await send(client, get(`/warm/${round}`));
      const reset = (): void => void sockets.at(-1)?.resetAndDestroy();
      const response = await orders[order](reset, () => send(client, post(`/${round}`, "body")));
      expect(statusesOf(response)).toEqual([200]);
    }
    expect(seen).toEqual(rounds.flatMap((round) => [`/warm/${round}`, `/${round}`]));
    expect(await shown(balancer)).toMatchObject({ failures: 0, state: "up", inFlight: 0 });
  });
});

const hangUps = {
  end: (socket: Socket) => void socket.destroy(),
  reset: (socket: Socket) => void socket.resetAndDestroy(),
};

/** A balancer with as many kept connections as asked for, whose server hangs up on each as its second request comes. */
async function startStale(kept: number, hangUp: (socket: Socket) => void) {
  const seen: string[] = [];
  const warm: (() => void)[] = [];
  const port = await startEach((socket, { path, body }, served) => {
    seen.push(path);
    if (served > 1) hangUp(socket);
    else if (path !== "/warm") socket.write(ok(path + body));
    // None is answered before all have come, each on a connection of its own.
    else if (warm.push(() => socket.write(ok(path))) === kept) for (const respond of warm) respond();
  });
  // Nothing is tried again, and one failure ejects: a stale connection is neither a retry nor a failure.
  const none = { attempts: 1, retryPercent: 0, retryFloor: 0, ejectAfter: 1, panicPercent: 0 };
  const balancer = await startFor([member("a", port)], none);
  await Promise.all(Array.from({ length: kept }, () => ask(balancer.port, { path: "/warm" })));
  seen.length = 0;
  return { balancer, seen };
}

describe.each(["end", "reset"] as const)("51: a stale kept connection (%s)", (how) => {
  test("costs GETs nothing, however many are stale: each is sent again on a new one", async () => {
    const { balancer, seen } = await startStale(8, hangUps[how]);
    const paths = Array.from({ length: 8 }, (_, at) => `/${at}`);
    const replies: Reply[] = await Promise.all(paths.map((path) => ask(balancer.port, { path })));
    expect(replies.map(({ status, body }) => `${status} ${body}`)).toEqual(paths.map((path) => `200 ${path}`));
    for (const { headers } of replies) expect(headers["x-lbctl-attempts"]).toBeUndefined();
    expect(Math.max(...paths.map((path) => seen.filter((each) => each === path).length))).toBe(2);
    expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, state: "up", inFlight: 0 });
  });

  test("costs a PUT nothing, whose body is sent again whole", async () => {
    const { balancer } = await startStale(3, hangUps[how]);
    const reply = await ask(balancer.port, { method: "PUT", path: "/put/", body: "x".repeat(10_000) });
    expect([reply.status, reply.body.toString()]).toEqual([200, `/put/${"x".repeat(10_000)}`]);
    expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, state: "up" });
  });

  test("costs a POST that has been sent a 502, once, and its server is not to blame", async () => {
    const { balancer, seen } = await startStale(3, hangUps[how]);
    const reply = await ask(balancer.port, { method: "POST", path: "/post", body: "x" });
    expect([reply.status, seen]).toEqual([502, ["/post"]]);
    expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, state: "up" });
  });
});

describe("51: a connection counts against its server", () => {
  test("when it is new", async () => {
    const port = await startEach((socket) => socket.destroy());
    const balancer = await startFor([member("a", port)]);
    expect((await ask(balancer.port)).status).toBe(502);
    expect((await shown(balancer)).failures).toBeGreaterThan(0);
  });

  test("when a response has begun on it", async () => {
    const port = await startEach((socket, { path }, served) => {
      if (served === 1) socket.write(ok(path));
      else socket.end("HTTP/1.1 200");
    });
    const balancer = await startFor([member("a", port)]);
    await ask(balancer.port);
    await ask(balancer.port);
    expect((await shown(balancer)).failures).toBeGreaterThan(0);
  });
});

test("51: a server that closes what is idle at once loses no GET", async () => {
  const port = await startHttp(({ url, socket }, response) => {
    response.end(url);
    response.once("finish", () => setImmediate(() => socket.end()));
  });
  const balancer = await startFor([member("a", port)], { ejectAfter: 1 });
  const statuses = await Promise.all(
    rounds.map(async () => {
      const client = open(balancer);
      const own: number[] = [];
      for (const round of rounds) own.push(...statusesOf(await send(client, get(`/${round}`))));
      return own;
    }),
  );
  expect(statuses.flat().filter((status) => status === 200)).toHaveLength(rounds.length ** 2);
  expect(await shown(balancer)).toMatchObject({ failures: 0, state: "up" });
});
