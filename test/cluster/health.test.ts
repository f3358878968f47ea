import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { defaultCheck } from "../../cluster/balancer/config/config.ts";
import { listen } from "../../cluster/listen.ts";
import { freshPort } from "../lbctl.ts";
import {
  anywhere,
  ask,
  deadPort,
  json,
  member,
  pollTimeout,
  putServers,
  readEvents,
  servedBy,
  signal,
  startFor,
  startHttp,
  startOne,
  startRaw,
} from "./harness.ts";

/** A timeout that a busy machine keeps: a check that times out would count as one that failed. */
const quick = { ...defaultCheck, intervalMs: 5, timeoutMs: 5_000 };

/** A server whose health can be set, and how often it was asked. */
async function startMoody() {
  const mood = { status: 200, asked: 0 };
  const port = await startHttp((request, response) => {
    if (request.url === "/heartbeat") mood.asked += 1;
    response.writeHead(request.url === "/heartbeat" ? mood.status : 200, { "X-Served-By": "moody" }).end();
  });
  return { mood, port };
}

describe("active checks", () => {
  test("take a server down and bring it back; nobody is sent to it meanwhile", async () => {
    const { mood, port } = await startMoody();
    const steady = await startOne("steady");
    const balancer = await startFor([member("moody", port), member("steady", steady.port)], {
      check: quick,
      key: { kind: "uri" },
    });
    const events = await readEvents(balancer);
    mood.status = 500;
    expect(await events.next("down")).toEqual({ type: "down", server: "moody", reason: "HTTP 500" });
    const paths = Array.from({ length: 30 }, (_, index) => `/data/${index}`);
    const replies = await Promise.all(paths.map((path) => ask(balancer.port, { path })));
    expect(new Set(replies.map(servedBy))).toEqual(new Set(["steady"]));
    expect(json(await ask(balancer.port, { path: "/health" })).servers).toContainEqual({
      name: "moody",
      state: "down",
    });
    mood.status = 204;
    expect(await events.next("up")).toEqual({ type: "up", server: "moody" });
  });

  test("need three failures for a server that was well, and one for a new one", async () => {
    const { mood, port } = await startMoody();
    const balancer = await startFor([], { check: quick });
    const events = await readEvents(balancer);
    mood.status = 500;
    await putServers(balancer, [member("moody", port)]);
    await events.next("down");
    expect(mood.asked).toBe(1);
    mood.status = 200;
    await events.next("up");
    expect(mood.asked).toBe(3);
    mood.asked = 0;
    mood.status = 500;
    await events.next("down");
    // A check that was on its way when the mood changed may have been answered well.
    expect(mood.asked).toBeGreaterThanOrEqual(3);
  });

  test("name a timeout as such", async () => {
    const port = await startRaw(() => {});
    const balancer = await startFor([], { check: { ...quick, timeoutMs: 10 } });
    const events = await readEvents(balancer);
    await putServers(balancer, [member("mute", port)]);
    expect(await events.next("down")).toMatchObject({ reason: "TIMEOUT" });
  });

  test("that are answered with a 101 have failed, and go on", async () => {
    let response = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    const port = await startRaw((socket) => socket.on("data", () => socket.write(response)));
    const balancer = await startFor([], { check: quick });
    const events = await readEvents(balancer);
    await putServers(balancer, [member("switch", port)]);
    expect(await events.next("down")).toMatchObject({ reason: "HTTP 101" });
    response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    expect(await events.next("up")).toEqual({ type: "up", server: "switch" });
  });

  test("by TCP are content with a connection", async () => {
    const port = freshPort();
    const balancer = await startFor([], { check: { ...quick, kind: "tcp" } });
    const events = await readEvents(balancer);
    await putServers(balancer, [member("late", port)]);
    expect(await events.next("down")).toMatchObject({ reason: "ECONNREFUSED" });
    const server = createServer((socket) => socket.destroy());
    await listen(server, { ...anywhere, port });
    await events.next("up");
    server.close();
  });
});

describe("33: checks", () => {
  test("come on connections of their own", async () => {
    const uses = new Map<Socket, Set<string | undefined>>();
    let checks = 0;
    const port = await startHttp(({ socket, url }, response) => {
      uses.set(socket, (uses.get(socket) ?? new Set()).add(url));
      checks += Number(url === "/heartbeat");
      response.end();
    });
    const balancer = await startFor([member("a", port)], { check: quick });
    while (checks < 5) await ask(balancer.port);
    for (const urls of uses.values()) expect(urls.size).toBe(1);
  });

  test("come a tenth sooner or later than asked, so that balancers do not fall into step", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => timers.mockRestore());
    const intervalMs = 1_000_000;
    const pauses = (): number[] =>
      timers.mock.calls.flatMap(([, ms = 0]) => (ms > intervalMs / 2 && ms < 2 * intervalMs ? [ms] : []));
    const server = await startOne("one");
    const members = Array.from({ length: 10 }, (_, at) => member(`server-${at}`, server.port));
    await startFor(members, { check: { ...quick, timeoutMs: 5_000, intervalMs } });
    await expect.poll(pauses, pollTimeout).toHaveLength(10);
    expect(Math.min(...pauses())).toBeGreaterThanOrEqual(0.9 * intervalMs);
    expect(Math.max(...pauses())).toBeLessThanOrEqual(1.1 * intervalMs);
    expect(new Set(pauses()).size).toBeGreaterThan(1);
  });
});

describe("a refused connection", () => {
  test("counts as a failed check", async () => {
    const checked = signal();
    const doomed = createHttpServer((_request, response) => response.end()).on("request", (_, response) => {
      response.once("close", checked.resolve);
    });
    const alive = await startOne("alive");
    const members = [
      member("alive", alive.port),
      member("doomed", await listen(doomed, { ...anywhere, port: freshPort() })),
    ];
    // Only the first check comes within the test, and it goes well: what takes the server down is the requests.
    const balancer = await startFor(members, { check: { ...quick, intervalMs: 1_000_000 }, key: { kind: "uri" } });
    const events = await readEvents(balancer);
    await checked.promise;
    doomed.close();
    const paths = Array.from({ length: 40 }, (_, at) => `/data/${at}`);
    for (const path of paths) expect((await ask(balancer.port, { path })).status).toBe(200);
    expect(await events.next("down")).toEqual({ type: "down", server: "doomed", reason: "ECONNREFUSED" });
  });
});

test("with no server well, every request is a 503 at once", async () => {
  const balancer = await startFor([], { check: quick });
  const events = await readEvents(balancer);
  await putServers(balancer, [member("dead", deadPort())]);
  await events.next("down");
  const reply = await ask(balancer.port);
  expect([reply.status, reply.headers["retry-after"], json(reply).error.reason]).toEqual([503, "2", "no-server"]);
  expect((await ask(balancer.port, { path: "/health" })).status).toBe(503);
});
