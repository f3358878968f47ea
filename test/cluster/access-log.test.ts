import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseHashKey } from "../../cluster/balancer/config/hash-key.ts";
import { formatAccessLogEntry, newAccessLogEntry } from "../../cluster/balancer/telemetry/access-log-entry.ts";
import {
  ask,
  control,
  deadPort,
  exchange,
  member,
  pollTimeout,
  signal,
  startFor,
  startRaw,
  startScripted,
  startServers,
} from "./harness.ts";
import { builtProgram, run, runToEnd, start } from "./program.ts";

const program = builtProgram("balancer");

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "lbctl-test-"));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

const newLog = async (): Promise<string> => join(await folder(), "access.log");

const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** The lines of a log, once there are so many. */
async function lines(path: string, count: number) {
  await expect.poll(() => linesOf(path).length, pollTimeout).toBe(count);
  return linesOf(path);
}

describe("the access log", () => {
  test("has a line for each request: who, what, where to, how much, how long", async () => {
    const servers = await startServers(1);
    const path = await newLog();
    const { port } = await startFor(servers, { accessLog: path, key: parseHashKey("uri") });
    await ask(port, { path: "/nowhere?a=1" });
    const posted = await ask(port, { method: "POST", path: "/data", body: "x".repeat(10_000) });
    const [got, post] = await lines(path, 2);
    expect(got).toMatchObject({
      client: "127.0.0.1",
      method: "GET",
      target: "/nowhere?a=1",
      status: 404,
      requestBytes: 0,
      key: "/nowhere?a=1",
      server: "server-1",
      attempts: 1,
      reason: null,
    });
    expect(Math.abs(Date.parse(got.time) - Date.now())).toBeLessThan(60_000);
    expect(got.firstByteMs).toBeGreaterThan(0);
    expect(got.durationMs).toBeGreaterThanOrEqual(got.firstByteMs);
    expect(post).toMatchObject({ method: "POST", status: 200, requestBytes: 10_000, answerBytes: posted.body.length });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("31: says why a request was refused, made again, cut or left, and by what id its client asks", async () => {
    const halves = await startScripted("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", (socket) => socket.end());
    const path = await newLog();
    const { port } = await startFor([member("dead", deadPort())], { accessLog: path });
    const failed = await ask(port);
    const idOf = (reply: { body: Buffer }): string => JSON.parse(reply.body.toString()).error.id;
    const traced = await ask(port, { method: "TRACE" });
    await ask(port, { path: "/health" });
    const refused = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    const body = refused.length - refused.indexOf("\r\n\r\n") - 4;
    expect(await lines(path, 4)).toMatchObject([
      { status: 502, server: "dead", attempts: 1, reason: "unreachable", firstByteMs: null, id: idOf(failed) },
      {
        status: 405,
        method: "TRACE",
        target: "/data",
        server: null,
        attempts: 0,
        reason: "method-not-allowed",
        id: idOf(traced),
      },
      { status: 200, target: "/health", reason: null, id: null },
      {
        status: 400,
        method: null,
        target: null,
        key: null,
        reason: "bad-request",
        answerBytes: body,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ]);
    const other = await newLog();
    const balancer = await startFor([member("halves", halves)], { accessLog: other });
    await expect(ask(balancer.port)).rejects.toThrow();
    expect(await lines(other, 1)).toMatchObject([
      { status: 200, server: "halves", answerBytes: 4, reason: "broken-off" },
    ]);
  });

  test("tells of a client that left before its answer", async () => {
    const reached = signal();
    const port = await startRaw((socket) => socket.once("data", () => reached.resolve()));
    const path = await newLog();
    const balancer = await startFor([member("mute", port)], { accessLog: path });
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    socket.write("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    await reached.promise;
    socket.resetAndDestroy();
    expect(await lines(path, 1)).toMatchObject([{ status: null, server: "mute", reason: "client-left" }]);
  });

  test("counts the bytes of a tunnel, and logs it at its end", async () => {
    const port = await startRaw((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
        socket.on("data", (data) => socket.write(data));
      });
    });
    const path = await newLog();
    const balancer = await startFor([member("echo", port)], { accessLog: path });
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    socket.write("GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    await once(socket, "data");
    socket.write("twelve bytes");
    await once(socket, "data");
    socket.destroy();
    const [line] = await lines(path, 1);
    expect(line).toMatchObject({ status: 101, requestBytes: 12, answerBytes: 12, reason: null });
  });

  test("tells no secrets: header fields, cookies, and what a query calls a token", async () => {
    const path = await newLog();
    const balancer = await startFor(await startServers(1), {
      accessLog: path,
      key: parseHashKey("cookie:id,header:x-id"),
    });
    const headers = { cookie: "id=hunter2", authorization: "Bearer hunter2", "x-id": "hunter2" };
    await ask(balancer.port, { path: "/?a=1&access_token=hunter2&b=hunter&Password=hunter2", headers });
    await ask(balancer.port, { method: "POST", body: "hunter2", headers });
    const [line] = await lines(path, 2);
    expect(line.target).toBe("/?a=1&access_token=-&b=hunter&Password=-");
    // printf hunter2 | sha256sum
    expect(line.key).toBe("sha256:f52fbd32b2b3b86f");
    expect(readFileSync(path, "utf8")).not.toContain("hunter2");
    const other = await newLog();
    const byQuery = await startFor(await startServers(1), { accessLog: other, key: parseHashKey("query:token") });
    await ask(byQuery.port, { path: "/?token=hunter2" });
    expect(await lines(other, 1)).toMatchObject([{ target: "/?token=-", key: "sha256:f52fbd32b2b3b86f" }]);
  });

  test("is JSON in ASCII, whole below 4 KiB, whatever a client sends", () => {
    const anything = fc.string({ unit: "binary", maxLength: 9_000 });
    fc.assert(
      fc.property(anything, anything, fc.webQueryParameters(), (target, key, query) => {
        const line = formatAccessLogEntry({
          ...newAccessLogEntry("::1", "GET", `/${target}?${query}`, key),
          reason: "client-left",
        });
        expect(line).toMatch(/^[\x20-\x7e]+\n$/);
        expect(JSON.parse(line)).toMatchObject({ client: "::1", method: "GET", reason: "client-left" });
      }),
    );
    const visible = `/"\\'<${"a".repeat(8_000)}`;
    const line = formatAccessLogEntry(newAccessLogEntry("::1", "GET", visible, visible));
    expect(line.length).toBeLessThan(4_096);
    expect(JSON.parse(line).target).toBe(`${visible.slice(0, 1_024)}...`);
  });

  test("goes on in a new file when the old one was renamed, and loses no line", async () => {
    const path = await newLog();
    const balancer = await startFor(await startServers(1), { accessLog: path });
    for (const at of [1, 2]) await ask(balancer.port, { path: `/before/${at}` });
    await rename(path, `${path}.1`);
    await balancer.reopenLog();
    await ask(balancer.port, { path: "/after" });
    expect(await lines(path, 1)).toMatchObject([{ target: "/after" }]);
    expect(linesOf(`${path}.1`)).toHaveLength(2);
  });

  test("drops lines and counts them, rather than wait for a reader that takes none", async () => {
    const path = join(await folder(), "pipe");
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(reader));
    const balancer = await startFor(await startServers(1), { accessLog: path });
    const count = 6_000;
    const request = `GET /health?${"x".repeat(1_000)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const last = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    await exchange(balancer.port, request.repeat(count - 1) + last);
    const counts = async () => {
      const text = (await control(balancer, "GET", "/metrics")).body.toString();
      return Number(/^lbctl_access_log_dropped_lines_total (\d+)$/m.exec(text)?.[1]);
    };
    expect(await counts()).toBeGreaterThan(0);
    expect(await counts()).toBeLessThan(count);
    // It ends all the same, with whole lines in the pipe.
    await balancer.close();
    const held = Buffer.alloc(1024 * 1024);
    const [first = ""] = held.toString("latin1", 0, readSync(reader, held)).split("\n");
    expect(JSON.parse(first)).toMatchObject({ status: 200 });
  });

  test("of several workers is one file of whole lines, opened anew on SIGUSR1 and on SIGHUP", async () => {
    const path = await newLog();
    const [server] = await startServers(1);
    const running = await run(program, {
      LBCTL_WORKERS: "2",
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_CHECK: "off",
      LBCTL_SERVERS: `one=${server?.address}`,
      LBCTL_ACCESS_LOG: path,
    });
    const targets = Array.from({ length: 200 }, (_, i) => `/data/${i}/${"y".repeat(900)}`);
    await Promise.all(targets.map((target) => ask(running.port, { path: target })));
    const seen = await lines(path, targets.length);
    expect(seen.map(({ target }) => target).sort()).toEqual(targets.sort());
    for (const [at, name] of (["SIGUSR1", "SIGHUP"] as const).entries()) {
      await rename(path, `${path}.${at}`);
      running.child.kill(name);
      await expect.poll(() => existsSync(path), pollTimeout).toBe(true);
      // Each worker opens it by itself, and either may have the next request.
      const askAndCount = async () => {
        await ask(running.port);
        return linesOf(path).length;
      };
      await expect.poll(askAndCount, pollTimeout).toBeGreaterThan(3);
    }
    running.child.kill("SIGTERM");
    expect(await running.ended).toEqual({ code: 0, stderr: "" });
    const total = [path, `${path}.0`, `${path}.1`].reduce((sum, file) => sum + linesOf(file).length, 0);
    expect(total).toBeGreaterThan(targets.length + 6);
  });

  test("goes to stdout, and says in one line where it cannot be written", async () => {
    const child = start(program, { LBCTL_LISTEN: "127.0.0.1:0", LBCTL_ACCESS_LOG: "-", LBCTL_CHECK: "off" });
    const [first] = await once(child.stdout, "data");
    await ask(Number(/:(\d+)/.exec(String(first))?.[1]));
    const [line] = await once(child.stdout, "data");
    expect(JSON.parse(String(line))).toMatchObject({ status: 503, reason: "no-server" });
    for (const workers of ["1", "2"]) {
      const env = { LBCTL_LISTEN: "127.0.0.1:0", LBCTL_ACCESS_LOG: "/nowhere/at/all", LBCTL_WORKERS: workers };
      const { code, stderr } = await runToEnd(program, env);
      expect(stderr).toBe(
        "balancer: the access log /nowhere/at/all cannot be written (ENOENT): name a file, or - for stdout\n",
      );
      expect(code).toBe(1);
    }
  });
});
