/** Requests that share a connection to their server: each is answered as if it were alone. */
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ask,
  type Balancer,
  control,
  json,
  member,
  type Reply,
  signal,
  startFor,
  startHttp,
  startRaw,
} from "./harness.ts";

const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);

/** All at once, so that many come in one turn of the balancer's loop. */
const askAll = ({ port }: Balancer, method = "GET"): Promise<Reply[]> =>
  Promise.all(paths.map((path) => ask(port, { path, method })));

const shown = async (balancer: Balancer) => json(await control(balancer, "GET", "/v1/servers")).servers[0];

/** A raw server that answers each request with its path, by `answer`, which is told how many the connection has had. */
const startEach = (answer: (socket: Socket, path: string, served: number) => void): Promise<number> =>
  startRaw((socket) => {
    let served = 0;
    let rest = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      const heads = (rest + chunk).split("\r\n\r\n");
      rest = heads.pop() ?? "";
      for (const head of heads) {
        served += 1;
        answer(socket, head.split(" ")[1] ?? "", served);
      }
    });
  });

const ok = (path: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${path.length}\r\n\r\n${path}`;

describe("requests of one moment", () => {
  test("each get their own answer, whatever connection they share", async () => {
    let most = 0;
    const port = await startEach((socket, path, served) => {
      most = Math.max(most, served);
      socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 5; round += 1)
      expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
    expect(most).toBeGreaterThan(1);
    expect(await shown(balancer)).toMatchObject({ requests: 200, failures: 0, inFlight: 0 });
  });

  test("lose nothing when the server ends its connections after a few answers", async () => {
    const port = await startEach((socket, path, served) => {
      if (served === 3) socket.end(ok(path, "Connection: close\r\n"));
      else if (served < 3) socket.write(ok(path));
    });
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 5; round += 1)
      expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
    expect(await shown(balancer)).toMatchObject({ failures: 0, retries: 0, inFlight: 0 });
  });

  test("do not wait for a slow one among them", async () => {
    const waiting: (() => void)[] = [];
    const seen = new Set<string>();
    const port = await startHttp(({ url = "" }, response) => {
      // The first of each ten is only answered when all of the others are.
      if (!url.endsWith("0") || seen.size === 0) response.end(url);
      else waiting.push(() => response.end(url));
    });
    const balancer = await startFor([member("a", port)]);
    await askAll(balancer);
    seen.add("warm");
    const answers = paths.map(async (path) => {
      const { body } = await ask(balancer.port, { path });
      return body.toString();
    });
    await Promise.all(answers.filter((_, index) => index % 10 !== 0));
    // Some may have been asked for twice: each of their answers is let go.
    for (const answer of waiting) answer();
    expect((await Promise.all(answers)).sort()).toEqual([...paths].sort());
  });

  test("30: are sent again for a slow one within the retry budget alone, and counted", async () => {
    /** Requests that wait behind a slow one on one connection: how many came, and what lets the slow one go. */
    async function startWaiting(settings: Parameters<typeof startFor>[1]) {
      let asked = 0;
      const slow = signal();
      const port = await startHttp(async ({ url = "" }, response) => {
        if (url === "/own") asked += 1;
        if (url === "/slow") await slow.promise;
        response.end(url);
      });
      const balancer = await startFor([member("a", port)], settings);
      const [first, ...others] = await openWarm(balancer, 4);
      first?.write(head("GET /slow"));
      for (const socket of others) socket.write(head("GET /own"));
      const answers = Promise.all(others.map((socket) => next(socket, "/own")));
      return { balancer, asked: () => asked, release: slow.resolve, answers };
    }
    const without = await startWaiting({ retryPercent: 0, retryFloor: 0 });
    const within = await startWaiting({});
    await within.answers;
    expect(await shown(within.balancer)).toMatchObject({ retries: 3 });
    // By then the others have waited for longer.
    expect(await shown(without.balancer)).toMatchObject({ retries: 0, inFlight: 4 });
    without.release();
    await without.answers;
    expect(without.asked()).toBe(3);
    within.release();
  });

  test("that were sent again are answered here, too, which is no more than was asked for", async () => {
    let connections = 0;
    let held = "";
    const behind = signal<Socket>();
    const port = await startRaw((socket) => {
      connections += 1;
      let isHeld = false;
      socket.setEncoding("latin1").on("data", (chunk) => {
        for (const [, path = ""] of String(chunk).matchAll(/^GET (\S+)/gm)) {
          isHeld ||= path === "/slow";
          if (isHeld) held += ok(path);
          else socket.write(ok(path));
        }
        if (isHeld) behind.resolve(socket);
      });
    });
    const balancer = await startFor([member("a", port)]);
    const [first, ...others] = await openWarm(balancer, 4);
    first?.write(head("GET /slow"));
    for (const socket of others) socket.write(head("GET /own"));
    await Promise.all(others.map((socket) => next(socket, "/own")));
    expect(held).toContain("/own");
    const answered = next(first as Socket, "/slow");
    (await behind.promise).write(held);
    await answered;
    const before = connections;
    for (const path of paths.slice(0, 5)) await ask(balancer.port, { path });
    expect(connections - before).toBeLessThan(5);
  });

  test("share nothing where that is turned off", async () => {
    let outstanding = 0;
    let most = 0;
    const port = await startEach((socket, path) => {
      // Answered a turn later: a second request on the connection would come before that.
      const mine = ++outstanding;
      most = Math.max(most, mine);
      setImmediate(() => {
        outstanding -= 1;
        socket.write(ok(path));
      });
    });
    const balancer = await startFor([member("a", port)], { maxShared: 1, maxServerConnections: 1 });
    for (let round = 0; round < 3; round += 1)
      expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
    expect(most).toBe(1);
  });

  test("that may not be made twice share nothing", async () => {
    let most = 0;
    const port = await startRaw((socket) =>
      socket.setEncoding("latin1").on("data", (chunk) => {
        most = Math.max(most, String(chunk).split("POST ").length - 1);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }),
    );
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 5; round += 1) await askAll(balancer, "POST");
    expect(most).toBe(1);
  });

  test("whose client leaves cost the others nothing", async () => {
    const port = await startEach((socket, path) => setImmediate(() => socket.write(ok(path))));
    const balancer = await startFor([member("a", port)]);
    for (let round = 0; round < 10; round += 1) {
      const leaver = connect({ host: "127.0.0.1", port: balancer.port });
      leaver.on("error", () => {}).write("GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
      const all = askAll(balancer);
      leaver.resetAndDestroy();
      expect((await all).map(({ body }) => body.toString())).toEqual(paths);
    }
    expect(await shown(balancer)).toMatchObject({ failures: 0, inFlight: 0 });
  });
});

/** Connections of clients that each have had an answer, so that what they send next comes in one turn. */
async function openWarm({ port }: Balancer, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ host: "127.0.0.1", port }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(
    sockets.map((socket) => {
      socket.on("error", () => {}).setEncoding("latin1");
      socket.write(head("GET /warm"));
      return next(socket, "/warm");
    }),
  );
  return sockets;
}

const head = (line: string, more = ""): string => `${line} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

/** Resolves to what a client has got when that ends with `last`. */
const next = (socket: Socket, last: string): Promise<string> =>
  new Promise((resolve) => {
    let text = "";
    socket.on("data", function read(chunk) {
      text += chunk;
      if (!text.endsWith(last)) return;
      socket.off("data", read);
      resolve(text);
    });
  });

describe("a connection is not shared", () => {
  test("19: with an upgrade, into whose tunnel the requests behind it would go", async () => {
    const port = await startRaw((socket) => {
      let isTunnel = false;
      socket.setEncoding("latin1").on("data", (chunk) => {
        const [first = "", ...rest] = String(chunk).split("\r\n\r\n").slice(0, -1);
        if (isTunnel) return;
        isTunnel = /\nUpgrade/.test(first);
        if (!isTunnel) for (const each of [first, ...rest]) socket.write(ok(each.split(" ")[1] ?? ""));
        else socket.write(`HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nseen: ${rest}.`);
      });
    });
    const balancer = await startFor([member("a", port)]);
    const [upgrading, ...others] = await openWarm(balancer, 5);
    const tunnel = next(upgrading as Socket, ".");
    upgrading?.write(head("GET /up", "Upgrade: x\r\nConnection: upgrade\r\n"));
    for (const socket of others) socket.write(head("GET /own"));
    await Promise.all(others.map((socket) => next(socket, "/own")));
    expect(await tunnel).toMatch(/\r\n\r\nseen: \.$/);
  });

  test.each([
    ["HEAD /x", "HTTP/1.1 200 OK\r\n"],
    ["GET /x", "HTTP/1.1 304 Not Modified\r\n"],
    ["GET /x", "HTTP/1.1 204 No Content\r\n"],
  ])("26: with what is behind an answer to %s, %j, that has a body all the same", async (line, status) => {
    const poison = ok("/poison");
    const bad = `${status}Content-Length: ${poison.length}\r\n\r\n${poison}`;
    const port = await startEach((socket, path) => socket.write(path === "/x" ? bad : ok(path)));
    const balancer = await startFor([member("a", port)]);
    const [first, ...others] = await openWarm(balancer, 4);
    first?.write(head(line));
    for (const socket of others) socket.write(head("GET /own"));
    const answers = await Promise.all(others.map((socket) => next(socket, "/own")));
    expect(answers.join("")).not.toContain("poison");
  });
});

test("26: a server that has ever said more than it was asked is given one request at a time", async () => {
  let most = 0;
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (chunk) => {
      const asked = String(chunk).split("\r\n\r\n").slice(0, -1);
      most = Math.max(most, asked.length);
      socket.write(asked.map((each) => ok(each.split(" ")[1] ?? "")).join(""));
      if (asked[0]?.includes(" /more")) socket.write(ok("/more"));
    }),
  );
  const balancer = await startFor([member("a", port)]);
  await ask(balancer.port, { path: "/more" });
  for (let round = 0; round < 5; round += 1)
    expect((await askAll(balancer)).map(({ body }) => body.toString())).toEqual(paths);
  expect(most).toBe(1);
});

test("38: a shared connection ends when all of its clients have left", async () => {
  const begun = signal();
  const closed = signal();
  const port = await startEach((socket, path) => {
    if (path === "/warm") socket.write(ok(path));
    else if (path === "/endless") {
      // What is behind it is not answered, as if this were never whole.
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n");
      socket.on("close", closed.resolve);
      begun.resolve();
    }
  });
  const balancer = await startFor([member("a", port)]);
  const sockets = await openWarm(balancer, 2);
  for (const [at, socket] of sockets.entries()) socket.write(head(at === 0 ? "GET /endless" : "GET /behind"));
  await begun.promise;
  for (const socket of sockets) socket.resetAndDestroy();
  await closed.promise;
  await expect.poll(async () => (await shown(balancer)).inFlight).toBe(0);
});
