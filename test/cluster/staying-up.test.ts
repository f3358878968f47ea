/** What a balancer bears without harm: behaviours 35, 36, 38 and 39. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ask,
  type Balancer,
  closeOf,
  control,
  json,
  member,
  pollTimeout,
  signal,
  startFor,
  startHttp,
  startRaw,
  startScripted,
} from "./harness.ts";

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const shown = async (balancer: Balancer) => json(await control(balancer, "GET", "/v1/servers")).servers[0];

function open(port: number, bytes = ""): Socket {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  socket.on("error", () => {}).write(bytes);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Writes a byte every `ms` until the connection is closed; resolves to what came back. */
async function trickle(socket: Socket, byte: string, ms: number): Promise<string> {
  const response = text(socket).catch(() => "");
  const timer = setInterval(() => socket.write(byte), ms);
  await closeOf(socket);
  clearInterval(timer);
  return response;
}

describe("35: a client that trickles", () => {
  test("its head is cut in all, however often something comes", async () => {
    // Long enough for a busy machine to read the first bytes in: a connection without any is closed without a response.
    const balancer = await startFor([], { headTimeoutMs: 500 });
    const head = open(balancer.port, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    head.once("end", () => head.end());
    expect(await trickle(head, "y", 5)).toMatch(/^HTTP\/1.1 408 .*"reason":"request-timeout"/s);
  });

  test("its head is cut however many clients come and go meanwhile", async () => {
    const balancer = await startFor([], { headTimeoutMs: 500 });
    let isCut = false;
    const head = text(open(balancer.port, "GET / HTTP/1.1\r\n")).finally(() => {
      isCut = true;
    });
    // On a busy machine the time for a head can be over for these, too.
    const others = () => Array.from({ length: 8 }, () => ask(balancer.port, { path: "/health" }));
    while (!isCut) await Promise.allSettled(others());
    expect(await head).toMatch(/^HTTP\/1.1 408 /);
  });

  test("its body is cut, and its server let go", async () => {
    const port = await startHttp((request) => void request.resume());
    const balancer = await startFor([member("a", port)], { stallTimeoutMs: 1000 });
    const body = open(balancer.port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n");
    body.once("end", () => body.end());
    expect(await trickle(body, "y", 50)).toMatch(/^HTTP\/1.1 408 /);
    await expect.poll(() => shown(balancer), pollTimeout).toMatchObject({ inFlight: 0, failures: 0 });
  });

  test.each(["", "Expect: 100-continue\r\n"])(
    "its body (%j) costs no server its good name, however soon that has to answer",
    async (expect100) => {
      const port = await startRaw((socket) => void socket.resume());
      const balancer = await startFor([member("a", port)], { responseTimeoutMs: 50, stallTimeoutMs: 1000 });
      const post = `POST / HTTP/1.1\r\nHost: x\r\n${expect100}Content-Length: 9999\r\n\r\n`;
      const bodies = Array.from({ length: 5 }, () => text(open(balancer.port, post)));
      for (const response of await Promise.all(bodies)) expect(response).toMatch(/^HTTP\/1.1 408 /);
      expect(await shown(balancer)).toMatchObject({ inFlight: 0, failures: 0, state: "up" });
    },
  );

  test.each(["idleTimeoutMs", "headTimeoutMs"])("nothing at all is cut without a word (%s)", async (timeout) => {
    const balancer = await startFor([], { [timeout]: 100 });
    expect(await text(open(balancer.port))).toBe("");
  });

  test("nothing more is cut without a word, too", async () => {
    const balancer = await startFor([], { idleTimeoutMs: 100 });
    const kept = open(balancer.port, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await text(kept)).match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 503"]);
  });
});

test("36: a server that does not read its request holds the client up, and memory does not grow", async () => {
  const port = await startRaw((socket) => void socket.pause());
  const balancer = await startFor([member("mute", port)], { drainMs: 0 });
  const total = 256 * 1024 * 1024;
  const socket = open(balancer.port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${total}\r\n\r\n`);
  const chunk = Buffer.alloc(65_536);
  let given = 0;
  const give = (): void => {
    while (given < total && socket.write(chunk)) given += chunk.length;
  };
  socket.on("drain", give);
  give();
  for (let before = -1; given !== before; ) {
    before = given;
    for (let turn = 0; turn < 20; turn += 1) await ask(balancer.port, { path: "/health" });
  }
  expect(given).toBeLessThan(total / 2);
});

test("36: a server that sends interim answers on and on is held up by a client that reads none", async () => {
  const hint = `HTTP/1.1 103 Early Hints\r\nLink: <${"x".repeat(4_000)}>\r\n\r\n`.repeat(16);
  const total = 256 * 1024 * 1024;
  let given = 0;
  const port = await startRaw((socket) => {
    const give = (): void => {
      while (given < total) {
        given += hint.length;
        if (!socket.write(hint)) return;
      }
    };
    socket.once("data", give).on("drain", give);
  });
  const balancer = await startFor([member("hinting", port)], { drainMs: 0 });
  const socket = open(balancer.port, get);
  await once(socket, "readable");
  for (let before = -1; given !== before; ) {
    before = given;
    for (let turn = 0; turn < 20; turn += 1) await ask(balancer.port, { path: "/health" });
  }
  expect(given).toBeLessThan(total / 2);
});

test("36: a server that takes no more of a body is waited for only so long, and it is its fault", async () => {
  const port = await startRaw((socket) => void socket.pause());
  const balancer = await startFor([member("mute", port)], { responseTimeoutMs: 100 });
  const socket = open(balancer.port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
  socket.write(Buffer.alloc(50_000_000));
  expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1.1 504 /);
  expect(await shown(balancer)).toMatchObject({ inFlight: 0, failures: 1 });
});

test("36: a client that asks on and on and reads no answer is read no further until it does", async () => {
  let served = 0;
  const port = await startRaw((socket) =>
    socket.on("data", () => {
      served += 1;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 16000\r\n\r\n${"x".repeat(16_000)}`);
    }),
  );
  const balancer = await startFor([member("a", port)], { stallTimeoutMs: 600_000 });
  const total = 30_000;
  const socket = open(balancer.port).pause();
  const request = `GET / HTTP/1.1\r\nHost: x\r\nPadding: ${"x".repeat(2_000)}\r\n\r\n`;
  let given = 0;
  const give = (): void => {
    while (given < total && socket.write(request.repeat(10))) given += 10;
  };
  socket.on("drain", give);
  give();
  for (let before = -1; given + served !== before; ) {
    before = given + served;
    for (let turn = 0; turn < 20; turn += 1) await ask(balancer.port, { path: "/health" });
  }
  expect(Math.max(given, served)).toBeLessThan(total / 2);
  // It goes on where it stood once the answers are taken.
  const had = given;
  socket.resume();
  await expect.poll(() => given, pollTimeout).toBeGreaterThan(had + 1_000);
});

test("36: pipelined requests whose client sends no more are all answered, however long the answers", async () => {
  const port = await startHttp((_request, response) => void response.end(Buffer.alloc(100_000)));
  const { port: front } = await startFor([member("a", port)]);
  const socket = open(front, get.repeat(20));
  socket.end();
  expect((await text(socket)).match(/HTTP\/1.1 200/g)).toHaveLength(20);
});

test("37: a request for which no connection comes free is refused, and is not sent", async () => {
  const port = await startRaw((socket) => socket.resume());
  const balancer = await startFor([member("a", port)], {
    connectTimeoutMs: 600,
    responseTimeoutMs: 600_000,
    drainMs: 0,
  });
  const most = 1_024;
  for (let count = 0; count < most; count += 1) open(balancer.port, get);
  await expect.poll(async () => (await shown(balancer)).inFlight, pollTimeout).toBe(most);
  expect((await ask(balancer.port)).status).toBe(503);
  expect(await shown(balancer)).toMatchObject({ inFlight: most, failures: 0 });
});

describe("38: a client that goes away", () => {
  test.each(["destroy", "resetAndDestroy"] as const)("by %s has its request cancelled", async (way) => {
    const arrived = signal();
    const cancelled = signal();
    const port = await startRaw((socket) =>
      socket.on("data", () => arrived.resolve()).on("close", () => cancelled.resolve()),
    );
    const balancer = await startFor([member("a", port)], { halfClose: "cut" });
    const socket = open(balancer.port, get);
    await arrived.promise;
    socket[way]();
    await cancelled.promise;
    await expect.poll(() => shown(balancer), pollTimeout).toMatchObject({ inFlight: 0, failures: 0, retries: 0 });
  });

  test("while the server is still connected to costs nothing", async () => {
    // A name that takes a while to be looked up: the connection is not made at once.
    const port = await startScripted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const balancer = await startFor([{ name: "a", weight: 1, address: `localhost:${port}` }]);
    for (let count = 0; count < 20; count += 1) open(balancer.port, get).resetAndDestroy();
    expect((await ask(balancer.port)).status).toBe(200);
    await expect.poll(() => shown(balancer), pollTimeout).toMatchObject({ inFlight: 0, failures: 0 });
  });
});

describe("a client that sends no more, and reads on,", () => {
  test("gets its answer", async () => {
    const port = await startScripted("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    const { port: front } = await startFor([member("a", port)]);
    const socket = open(front, `${get}${get}`);
    socket.end();
    expect((await text(socket)).match(/hi/g)).toHaveLength(2);
  });

  test("and does not get more of it for long has left, with --half-close cut", async () => {
    const gone = signal();
    const port = await startHttp((_request, response) => {
      response.on("close", gone.resolve).write("begin");
    });
    const { port: front } = await startFor([member("a", port)], { halfClose: "cut" });
    const socket = open(front, get);
    const got = text(socket);
    socket.once("data", () => socket.end());
    await gone.promise;
    expect(await got.catch(() => "cut")).not.toContain("end");
  });

  test("and one whose server has begun gets all of it", async () => {
    const begun = signal();
    const release = signal();
    const port = await startHttp(async (_request, response) => {
      response.write("begin");
      await release.promise;
      response.end("end");
    });
    const { port: front } = await startFor([member("a", port)]);
    const socket = open(front, get);
    socket.once("data", begun.resolve);
    const all = text(socket);
    await begun.promise;
    socket.end();
    // Longer than one that has no answer yet would be waited for.
    for (let turn = 0; turn < 50; turn += 1) await ask(front, { path: "/health" });
    release.resolve();
    expect(await all).toMatch(/begin.*end/s);
  });

  test("and has asked for more than it will be answered is not waited for", async () => {
    let asked = 0;
    const port = await startRaw((socket) =>
      socket.on("data", () => {
        asked += 1;
        if (asked === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      }),
    );
    const { port: front } = await startFor([member("a", port)], { responseTimeoutMs: 1000 });
    const sockets = [`${get}${get}`, `${get}GET / HT`].map((bytes) => open(front, bytes));
    for (const socket of sockets) socket.end();
    const responses = await Promise.all(sockets.map((socket) => text(socket)));
    expect(responses.join("").match(/hi/g)).toHaveLength(1);
  });

  test("in the middle of its request ends it", async () => {
    const { port } = await startFor([]);
    const socket = open(port, "GET / HTTP/1.1\r\nHo");
    socket.end();
    expect(await text(socket)).toBe("");
  });
});

describe("39: nothing is left behind", () => {
  const held = (kind: string): number =>
    process.getActiveResourcesInfo().filter((each) => each.startsWith(kind)).length;

  const faults: readonly ((socket: Socket) => void)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
    (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    (socket) => socket.write("HTTP/1.1 200 OK\r\n", () => socket.resetAndDestroy()),
    (socket) => socket.write("\0"),
    (socket) => socket.write("HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"),
    (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nrest"),
    (socket) => socket.write("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nabcde"),
    () => {},
  ];
  const requests = [
    get,
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nab",
    `${get}\0`,
    "GET / HTTP/1.0\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
    "GET / H",
  ];
  const ends: readonly ((socket: Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.once("data", () => socket.resetAndDestroy()),
    () => {},
  ];

  /** Sends every request with every end, and waits until all connections are closed. */
  async function meetAll({ port }: Balancer): Promise<void> {
    const meetings = requests.flatMap((request) => ends.map((end) => [request, end] as const));
    await Promise.all(
      meetings.map(async ([request, end]) => {
        const socket = connect({ host: "127.0.0.1", port });
        socket.on("error", () => {}).resume();
        socket.write(request);
        end(socket);
        await closeOf(socket);
      }),
    );
  }

  test("by any meeting of a bad client and a bad server, and nobody is left hanging", async () => {
    const config = {
      responseTimeoutMs: 50,
      headTimeoutMs: 50,
      idleTimeoutMs: 100,
      stallTimeoutMs: 100,
      tunnelTimeoutMs: 100,
      ejectionMs: 1,
    };
    const balancers = await Promise.all(
      faults.map(async (fault) =>
        startFor([member("a", await startRaw((socket) => socket.on("data", () => fault(socket))))], config),
      ),
    );
    await setImmediate();
    const timers = held("Timeout");
    await Promise.all(balancers.map(meetAll));
    for (const balancer of balancers) {
      const connections = async () => json(await control(balancer, "GET", "/v1/servers")).connections.client;
      await expect.poll(connections, pollTimeout).toBe(0);
      await expect.poll(async () => (await shown(balancer)).inFlight, pollTimeout).toBe(0);
      // A busy machine may not read even this head in time.
      await expect.poll(async () => (await ask(balancer.port, { path: "/health" })).status, pollTimeout).toBe(200);
    }
    await expect.poll(() => held("Timeout"), pollTimeout).toBeLessThanOrEqual(timers + balancers.length);
  });

  test("not even a reader that stops in the middle of an answer for ever", async () => {
    const port = await startHttp((_request, response) => void response.end(Buffer.alloc(50_000_000)));
    const balancer = await startFor([member("a", port)], { stallTimeoutMs: 2000 });
    const socket = open(balancer.port, get);
    await once(socket, "readable");
    const connections = async () => json(await control(balancer, "GET", "/v1/servers")).connections.client;
    await expect.poll(connections, pollTimeout).toBe(0);
    expect(await shown(balancer)).toMatchObject({ inFlight: 0, failures: 0 });
  });
});
