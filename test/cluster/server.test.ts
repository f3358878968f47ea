import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { startServer } from "../../cluster/server/server.ts";
import { freshPort } from "../lbctl.ts";
import { ask, closeOf, exchange, json, pollTimeout, signal, startOne } from "./harness.ts";
import { builtProgram, run, runToEnd, start } from "./program.ts";

describe("the server", () => {
  test("says who it is and what was asked", async () => {
    const { port } = await startOne("server-7");
    const reply = await ask(port, { path: "/data/a/b?c=d" });
    expect(reply.status).toBe(200);
    expect(reply.headers["x-served-by"]).toBe("server-7");
    expect(json(reply)).toEqual({ server: "server-7", path: "/data/a/b", query: "c=d" });
  });

  test("answers a body with its size and digest", async () => {
    const { port } = await startOne("server-1");
    const body = randomBytes(3_000_000);
    const reply = await ask(port, { method: "POST", body });
    expect(json(reply)).toMatchObject({
      server: "server-1",
      bytes: body.length,
      sha256: createHash("sha256").update(body).digest("hex"),
    });
  });

  test("greets, beats and is well", async () => {
    const { port } = await startOne("server-1");
    expect(json(await ask(port, { path: "/home" }))).toEqual({
      message: "Hello from Server: server-1",
      status: "successful",
    });
    const beat = await ask(port, { path: "/heartbeat" });
    expect([beat.status, beat.body.length]).toEqual([200, 0]);
    expect(json(await ask(port, { path: "/health" }))).toMatchObject({ status: "ok", server: "server-1" });
  });

  test("answers HEAD with the fields of GET and no body", async () => {
    const { port } = await startOne("server-1");
    const [got, head] = await Promise.all([ask(port), ask(port, { method: "HEAD" })]);
    expect(head.headers["content-length"]).toBe(got.headers["content-length"]);
    expect(head.body.length).toBe(0);
  });

  test.each([
    ["GET", "/nowhere", 404, undefined],
    ["GET", "/database", 404, undefined],
    ["GET", "/constructor", 404, undefined],
    ["POST", "/home", 405, "GET, HEAD"],
    ["DELETE", "/data", 405, "GET, HEAD, POST"],
  ])("refuses %s %s with %i as JSON", async (method, path, status, allow) => {
    const { port } = await startOne("server-1");
    const reply = await ask(port, { method, path });
    expect(reply.status).toBe(status);
    expect(reply.headers.allow).toBe(allow);
    expect(reply.headers["x-served-by"]).toBe("server-1");
    expect(json(reply).error.message).toContain(path);
  });

  test.each([
    ["GET /data HTTP/1.1\r\n\r\n", 400],
    ["nonsense\r\n\r\n", 400],
    ["GET /data HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n", 400],
    ["POST /data HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
    [`GET /data HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ])("answers %j with %i and lives on", async (bytes, status) => {
    const { port } = await startOne("server-1");
    const text = await exchange(port, bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await ask(port)).status).toBe(200);
  });
});

test("the server lets go of a client that it has refused, even one that keeps its own end open", async () => {
  const { port } = await startOne("server-1");
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  let said = "";
  socket
    .on("error", () => {})
    .on("data", (bytes) => {
      said += bytes;
    });
  socket.write("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "end");
  // What is written to a connection that nobody holds comes back as an error.
  const insist = (): void => {
    if (socket.writable) socket.write("?", () => setImmediate(insist));
  };
  insist();
  await closeOf(socket);
  expect([said.startsWith("HTTP/1.1 400 "), socket.destroyed]).toEqual([true, true]);
});

test("the server closes at once although a client is connected and says nothing, or half of something", async () => {
  const server = await startServer({ name: "server-1", host: "127.0.0.1", port: 0 });
  const sockets = ["", "GET /da"].map((text) => {
    const socket = connect({ host: "127.0.0.1", port: server.port }).on("error", () => {});
    socket.write(text);
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  await ask(server.port);
  const ends = sockets.map(async (socket) => {
    await closeOf(socket.resume());
    return socket.destroyed;
  });
  await server.close();
  expect(await Promise.all(ends)).toEqual([true, true]);
  await expect(ask(server.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

describe("the server's process", () => {
  const program = builtProgram("server");

  test("ends with 0 on SIGTERM, after what is in flight", async () => {
    const { child, port, ended } = await run(program, { LBCTL_NAME: "server-1", LBCTL_PORT: "0" });
    const answered = signal<string>();
    const upload = request({
      host: "127.0.0.1",
      port,
      method: "POST",
      path: "/data",
      headers: { expect: "100-continue" },
    });
    upload.on("response", (response) => {
      response.setEncoding("utf8").on("data", answered.resolve);
    });
    upload.on("continue", () => {
      child.kill("SIGTERM");
      upload.end("late");
    });
    upload.flushHeaders();
    expect(JSON.parse(await answered.promise)).toMatchObject({ bytes: 4 });
    expect(await ended).toEqual({ code: 0, stderr: "" });
  });

  test("goes on when nobody reads what it says", async () => {
    const port = freshPort();
    start(program, { LBCTL_NAME: "server-1", LBCTL_PORT: String(port) }).stdout.destroy();
    const asked = (): Promise<number | null> =>
      ask(port).then(
        ({ status }) => status,
        () => null,
      );
    await expect.poll(asked, pollTimeout).toBe(200);
    expect(await asked()).toBe(200);
  });

  test("says in one line that its port is taken, and ends with 1", async () => {
    const { port } = await startOne("server-1");
    const { code, stderr } = await runToEnd(program, { LBCTL_NAME: "server-2", LBCTL_PORT: String(port) });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^server: port ${port} is taken.*LBCTL_PORT.*\\n$`));
  });

  test.each([
    [{ LBCTL_PORT: "0" }, "LBCTL_NAME"],
    [{ LBCTL_NAME: "server-1" }, "LBCTL_PORT"],
    [{ LBCTL_NAME: "a\nb", LBCTL_PORT: "0" }, "LBCTL_NAME"],
  ])("says which variable of %o is wrong", async (env, name) => {
    const { code, stderr } = await runToEnd(program, env);
    expect([code, stderr.split("\n").length]).toEqual([1, 2]);
    expect(stderr).toContain(name);
  });
});
