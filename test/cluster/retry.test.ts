import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ask,
  control,
  deadPort,
  json,
  member,
  servedBy,
  signal,
  startFor,
  startHttp,
  startOne,
  startRaw,
  startScripted,
} from "./harness.ts";
import { builtProgram, run } from "./program.ts";

/** Each key goes first to the server that the header names: a header key whose owner is looked up. */
async function keyOwnedBy(balancer: Parameters<typeof control>[0], name: string): Promise<string> {
  for (let key = 0; ; key += 1) {
    const reply = await control(balancer, "GET", `/v1/placement?key=${key}`);
    if (json(reply).candidates[0] === name) return String(key);
  }
}

const byHeader = { key: { kind: "header", name: "x-key" } } as const;

describe("a connection that is never made", () => {
  test.each(["GET", "POST", "PUT"])("costs a %s nothing: the next server gets it whole", async (method) => {
    const alive = await startOne("alive");
    const balancer = await startFor([member("alive", alive.port), member("dead", deadPort())], byHeader);
    const headers = { "x-key": await keyOwnedBy(balancer, "dead") };
    const body = method === "POST" ? Buffer.alloc(300_000, "x") : undefined;
    const reply = await ask(balancer.port, { method, headers, ...(body ? { body } : {}) });
    expect([servedBy(reply), reply.headers["x-lbctl-attempts"]]).toEqual(["alive", "2"]);
    if (body) expect(json(reply).bytes).toBe(body.length);
  });

  test("at every server is a 502, each tried once", async () => {
    const ports = [deadPort(), deadPort(), deadPort()];
    const balancer = await startFor(ports.map((port, index) => member(`dead-${index}`, port)));
    const reply = await ask(balancer.port);
    expect([reply.status, json(reply).error.reason, reply.headers["x-lbctl-attempts"]]).toEqual([
      502,
      "unreachable",
      "3",
    ]);
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    for (const server of servers) expect(server).toMatchObject({ requests: 1, failures: 1, lastError: "ECONNREFUSED" });
  });
});

test("28: the candidates of a key are tried in their order, each once", async () => {
  const alive = await startOne("alive");
  const members = ["a", "b", "c", "d"].map((name) => member(name, deadPort()));
  const balancer = await startFor([...members, member("alive", alive.port)], {
    ...byHeader,
    attempts: 5,
    ejectAfter: 0,
  });
  for (let key = 0; key < 20; key += 1) {
    const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${key}`));
    const before = json(await control(balancer, "GET", "/v1/servers")).servers;
    const reply = await ask(balancer.port, { headers: { "x-key": String(key) } });
    const after = json(await control(balancer, "GET", "/v1/servers")).servers;
    const asked = after.filter(({ requests }: { requests: number }, at: number) => requests > before[at].requests);
    const tried = candidates.slice(0, candidates.indexOf("alive") + 1);
    expect(asked.map(({ name }: { name: string }) => name)).toEqual(tried.toSorted());
    expect(Number(reply.headers["x-lbctl-attempts"] ?? 1)).toBe(tried.length);
  }
});

test("a request is made three times at most", async () => {
  const ports = Array.from({ length: 5 }, deadPort);
  const balancer = await startFor(ports.map((port, index) => member(`dead-${index}`, port)));
  const reply = await ask(balancer.port);
  expect([reply.status, reply.headers["x-lbctl-attempts"]]).toEqual([502, "3"]);
});

describe("a connection that breaks before the answer", () => {
  /** A server that hangs up on every request, and counts them. */
  async function startRude() {
    const seen = { requests: 0 };
    const port = await startRaw((socket) =>
      socket.on("data", () => {
        seen.requests += 1;
        socket.destroy();
      }),
    );
    return { port, seen };
  }

  test.each(["GET", "HEAD", "OPTIONS"])("costs a %s nothing: another server gets it", async (method) => {
    const rude = await startRude();
    const polite = await startScripted("HTTP/1.1 200 OK\r\nX-Served-By: polite\r\nContent-Length: 0\r\n\r\n");
    const balancer = await startFor([member("polite", polite), member("rude", rude.port)], byHeader);
    const reply = await ask(balancer.port, { method, headers: { "x-key": await keyOwnedBy(balancer, "rude") } });
    expect([servedBy(reply), Number(reply.headers["x-lbctl-attempts"])]).toEqual(["polite", rude.seen.requests + 1]);
  });

  test.each([
    ["PUT", false],
    ["PUT", true],
    ["DELETE", false],
    ["GET", false],
  ])("29: costs a %s with a body (chunked: %s) nothing: another server gets all of it", async (method, isChunked) => {
    const rude = await startRude();
    const polite = await startHttp(async (request, response) => response.end(`polite ${await text(request)}`));
    const balancer = await startFor([member("polite", polite), member("rude", rude.port)], byHeader);
    const headers = { "x-key": await keyOwnedBy(balancer, "rude") };
    const whole = "x".repeat(10_000);
    const body = isChunked ? Readable.from([whole.slice(0, 1), whole.slice(1)]) : whole;
    const reply = await ask(balancer.port, { method, headers, body });
    expect([reply.status, reply.body.toString()]).toEqual([200, `polite ${whole}`]);
    expect(Number(reply.headers["x-lbctl-attempts"])).toBe(rude.seen.requests + 1);
  });

  test("29: in the middle of a body costs a PUT nothing: the rest follows what is sent again", async () => {
    const begun = signal();
    const rude = await startRaw((socket) => {
      let head = "";
      socket.setEncoding("latin1").on("data", (chunk) => {
        head += chunk;
        if (head.endsWith("first")) socket.resetAndDestroy();
      });
    });
    const polite = await startHttp(async (request, response) => {
      request.once("data", () => begun.resolve());
      response.end(await text(request));
    });
    const balancer = await startFor([member("polite", polite), member("rude", rude)], byHeader);
    const key = await keyOwnedBy(balancer, "rude");
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    const response = text(socket);
    socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nX-Key: ${key}\r\nConnection: close\r\nContent-Length: 10\r\n\r\nfirst`);
    await begun.promise;
    socket.write("later");
    expect(await response).toMatch(/^HTTP\/1.1 200 .*X-Lbctl-Attempts: 2\r\n.*firstlater/s);
  });

  test.each([{ retryBodyBytes: 9_999 }, { retryBodyBytes: 0 }])(
    "29: ends a PUT whose body is longer than is kept (%j) with a 502, sent once",
    async (settings) => {
      const rude = await startRude();
      const polite = await startOne("polite");
      const members = [member("polite", polite.port), member("rude", rude.port)];
      const balancer = await startFor(members, { ...byHeader, ...settings });
      const headers = { "x-key": await keyOwnedBy(balancer, "rude") };
      const reply = await ask(balancer.port, { method: "PUT", headers, body: "x".repeat(10_000) });
      expect([reply.status, rude.seen.requests]).toEqual([502, 1]);
    },
  );

  test("29: once the answer has begun costs a PUT its answer, and nobody has it again", async () => {
    const rude = await startScripted("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", (socket) => socket.destroy());
    const polite = await startOne("polite");
    const balancer = await startFor([member("polite", polite.port), member("rude", rude)], byHeader);
    const headers = { "x-key": await keyOwnedBy(balancer, "rude") };
    await expect(ask(balancer.port, { method: "PUT", headers, body: "x" })).rejects.toThrow();
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    expect(servers.map(({ requests }: { requests: number }) => requests)).toEqual([0, 1]);
  });

  test.each(["POST", "PATCH"])("29: ends a %s with a 502, sent once", async (method) => {
    const rude = await startRude();
    const polite = await startOne("polite");
    const balancer = await startFor([member("polite", polite.port), member("rude", rude.port)], byHeader);
    const headers = { "x-key": await keyOwnedBy(balancer, "rude") };
    const reply = await ask(balancer.port, { method, headers, body: "x" });
    expect([reply.status, json(reply).error.reason, rude.seen.requests]).toEqual([502, "server-failed", 1]);
  });

  test("at two servers is enough: a third is not put at risk", async () => {
    const rude = await Promise.all([startRude(), startRude(), startRude()]);
    const balancer = await startFor(rude.map(({ port }, index) => member(`rude-${index}`, port)));
    const reply = await ask(balancer.port);
    expect([reply.status, json(reply).error.reason, reply.headers["x-lbctl-attempts"]]).toEqual([
      502,
      "server-failed",
      "2",
    ]);
    expect(rude.map(({ seen }) => seen.requests).sort()).toEqual([0, 1, 1]);
  });

  test("that the server had closed while idle costs a GET nothing", async () => {
    const port = await startRaw((socket) => {
      let served = 0;
      socket.on("data", () => {
        served += 1;
        // The second request on a connection meets a server that has just hung up.
        if (served > 1) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      });
    });
    const balancer = await startFor([member("a", port)]);
    const replies = [await ask(balancer.port), await ask(balancer.port)];
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  });
});

test("a server that does not answer in time is a 504, and is not asked twice", async () => {
  let asked = 0;
  const port = await startRaw((socket) =>
    socket.on("data", () => {
      asked += 1;
    }),
  );
  const balancer = await startFor([member("a", port)], { responseTimeoutMs: 50 });
  const reply = await ask(balancer.port);
  expect([reply.status, json(reply).error.reason, asked]).toEqual([504, "answer-timeout", 1]);
});

/** A port at which connections are never made: nobody accepts what fills the queue of those that wait. */
async function startUnaccepting(): Promise<number> {
  const code = `
    const { createServer } = require("node:net");
    const { parentPort } = require("node:worker_threads");
    const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(code, { eval: true });
  const [port] = await once(worker, "message");
  const fillers = Array.from({ length: 8 }, () => connect({ host: "127.0.0.1", port }).on("error", () => {}));
  onTestFinished(async () => {
    for (const socket of fillers) socket.destroy();
    await worker.terminate();
  });
  await Promise.race(fillers.map((socket) => once(socket, "connect")));
  return port;
}

describe("31: a server whose connection is not made in time", () => {
  test("is a 504, and counts", async () => {
    const port = await startUnaccepting();
    const balancer = await startFor([member("full", port)], { connectTimeoutMs: 100 });
    const reply = await ask(balancer.port);
    expect([reply.status, json(reply).error.reason]).toEqual([504, "connect-timeout"]);
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    expect(servers).toMatchObject([{ requests: 1, failures: 1, inFlight: 0, lastError: "TIMEOUT" }]);
  });

  test("costs a POST nothing when there is another", async () => {
    const alive = await startOne("alive");
    const members = [member("alive", alive.port), member("full", await startUnaccepting())];
    const balancer = await startFor(members, { ...byHeader, connectTimeoutMs: 100 });
    const headers = { "x-key": await keyOwnedBy(balancer, "full") };
    const reply = await ask(balancer.port, { method: "POST", headers, body: "whole" });
    expect([servedBy(reply), json(reply).bytes]).toEqual(["alive", 5]);
  });
});

describe("a server that is killed under load", () => {
  const program = builtProgram("server");

  test("loses no GET", async () => {
    const names = ["server-1", "server-2", "server-3"];
    const programs = await Promise.all(names.map((LBCTL_NAME) => run(program, { LBCTL_NAME, LBCTL_PORT: "0" })));
    const members = names.map((name, index) => member(name, programs[index]?.port ?? 0));
    const balancer = await startFor(members, { key: { kind: "request-id" } });
    const statuses: number[] = [];
    const worker = async (): Promise<void> => {
      for (let count = 0; count < 60; count += 1) {
        statuses.push((await ask(balancer.port)).status);
        if (statuses.length === 200) programs[1]?.child.kill("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    await programs[1]?.ended;
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    expect(servers[1].failures).toBeGreaterThan(0);
  });
});

test("with --attempts 1 nothing is made again", async () => {
  const alive = await startOne("alive");
  const balancer = await startFor([member("alive", alive.port), member("dead", deadPort())], {
    ...byHeader,
    attempts: 1,
  });
  expect((await ask(balancer.port, { headers: { "x-key": await keyOwnedBy(balancer, "dead") } })).status).toBe(502);
});
