/** Bytes that nobody asked for, where requests are pipelined, and what is never pipelined: behaviours 19, 26 and 48. */
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { ask, closeOf, member, signal, startFor, startRaw } from "../harness.ts";
import { pathsOf } from "./pipelined-servers.ts";
import { bodyOf, get, nextResponse, ok, openWarm, pipelined, send, startEach } from "./raw.ts";

const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);

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
    const balancer = await startFor([member("a", port)], pipelined);
    const [upgrading, ...others] = await openWarm(balancer, 5);
    const tunnel = new Promise<string>((resolve) => {
      let text = "";
      upgrading?.on("data", (chunk) => {
        text += chunk;
        if (text.endsWith(".")) resolve(text);
      });
    });
    upgrading?.write(get("/up", "Upgrade: x\r\nConnection: upgrade\r\n"));
    const responses = await Promise.all(others.map((client) => send(client, get("/own"))));
    expect(responses.map(bodyOf)).toEqual(others.map(() => "/own"));
    expect(await tunnel).toMatch(/\r\n\r\nseen: \.$/);
  });

  test.each([
    ["HEAD", "HTTP/1.1 200 OK\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n"],
  ])("26: with what is behind a response to %s, %j, that has a body all the same", async (method, status) => {
    const poison = ok("/poison");
    const bad = `${status}Content-Length: ${poison.length}\r\n\r\n${poison}`;
    const port = await startEach((socket, { path }) => socket.write(path === "/x" ? bad : ok(path)));
    const balancer = await startFor([member("a", port)], pipelined);
    const [first, ...others] = await openWarm(balancer, 4);
    first?.write(get("/x").replace("GET", method));
    const responses = await Promise.all(others.map((client) => send(client, get("/own"))));
    expect(responses.join("")).not.toContain("poison");
  });
});

test("26: a server that has ever sent more than it was asked for is given one request at a time", async () => {
  let most = 0;
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (chunk) => {
      const asked = pathsOf(chunk);
      most = Math.max(most, asked.length);
      socket.write(asked.map((path) => ok(path)).join(""));
      if (asked[0] === "/more") socket.write(ok("/more"));
    }),
  );
  const balancer = await startFor([member("a", port)], pipelined);
  await ask(balancer.port, { path: "/more" });
  for (let round = 0; round < 5; round += 1) {
    const replies = await Promise.all(paths.map((path) => ask(balancer.port, { path })));
    expect(replies.map(({ body }) => body.toString())).toEqual(paths);
  }
  expect(most).toBe(1);
});

test("48: a response too many ends the connection, and is nobody's", async () => {
  const more = signal<Socket>();
  const port = await startEach((socket, { path }) => {
    socket.write(path === "/last" ? ok(path) + ok("/poison") : ok(path));
    if (path === "/last") more.resolve(socket);
  });
  const balancer = await startFor([member("a", port)], pipelined);
  const clients = await openWarm(balancer, 6);
  for (let round = 0; round < 3; round += 1) {
    const own = clients.map((_, at) => (at === 5 ? "/last" : "/own"));
    const responses = await Promise.all(clients.map((client, at) => send(client, get(own[at] ?? ""))));
    expect(responses.map(bodyOf)).toEqual(own);
  }
  await closeOf(await more.promise);
});

test("48: bytes that are no response end the connection, and what is behind them gets its own response or a 502", async () => {
  const closed = signal<Socket>();
  const port = await startEach((socket, { path }) => {
    if (path === "/junk") closed.resolve(socket);
    socket.write(path === "/junk" ? `${ok(path)}junk\r\n\r\n` : ok(path));
  });
  const balancer = await startFor([member("a", port)], pipelined);
  const [first, ...others] = await openWarm(balancer, 6);
  const junk = send(first as Socket, get("/junk"));
  const responses = await Promise.all(others.map((client) => send(client, get("/own"))));
  expect(bodyOf(await junk)).toBe("/junk");
  for (const response of responses) expect(response).toMatch(/^HTTP\/1\.1 (200 .*\r\n\r\n\/own$|502 )/s);
  await closeOf(await closed.promise);
});

test("48: a response that came for a request that was sent again is nobody else's", async () => {
  let held = "";
  const behind = signal<Socket>();
  const port = await startRaw((socket) => {
    let isHeld = false;
    socket.setEncoding("latin1").on("data", (chunk) => {
      for (const path of pathsOf(chunk)) {
        isHeld ||= path === "/slow";
        if (isHeld) held += ok(path);
        else socket.write(ok(path));
      }
      if (isHeld) behind.resolve(socket);
    });
  });
  const balancer = await startFor([member("a", port)], pipelined);
  const [first, ...others] = await openWarm(balancer, 4);
  const slow = nextResponse(first as Socket);
  first?.write(get("/slow"));
  const responses = await Promise.all(others.map((client) => send(client, get("/own"))));
  expect(responses.map(bodyOf)).toEqual(others.map(() => "/own"));
  expect(held).toContain("/own");
  (await behind.promise).write(held);
  expect(bodyOf(await slow)).toBe("/slow");
  for (const path of paths.slice(0, 5)) expect((await ask(balancer.port, { path })).body.toString()).toBe(path);
});
