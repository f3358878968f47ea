/** How responses are read and forwarded: behaviours 21 to 27, 46 and 47. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import {
  ask,
  control,
  exchange,
  json,
  member,
  pollTimeout,
  servedBy,
  signal,
  startFor,
  startRaw,
  startScripted,
} from "./harness.ts";

const startBefore = async (response: string, after?: (socket: Socket) => void) =>
  startFor([member("a", await startScripted(response, after))]);

const shown = async (balancer: Parameters<typeof control>[0]) =>
  json(await control(balancer, "GET", "/v1/servers")).servers[0];

const get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

describe("a response", () => {
  test.each([
    "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 a\x00b\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
    "HTTP/1.1 200 OK\r\n X: folded\r\nContent-Length: 0\r\n\r\n",
    `HTTP/1.1 200 OK\r\nX: ${"y".repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`,
    "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: a,b,c,d,e,f,g,h,i,j,k\r\nContent-Length: 0\r\n\r\n",
    "\r\n\r\n",
    "nonsense\r\n\r\n",
    "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  ])(
    "21, 47: such as %j is a 502 that tells no address, counted, sent once, and its connection closed",
    async (response) => {
      const closed = signal();
      const port = await startRaw((socket) => {
        socket.on("data", () => socket.write(response, "latin1")).on("close", closed.resolve);
      });
      const balancer = await startFor([member("a", port)]);
      const reply = await ask(balancer.port);
      expect([reply.status, reply.headers["x-lbctl-attempts"]]).toEqual([502, undefined]);
      expect(json(reply).error).toMatchObject({
        reason: "server-failed",
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(reply.body.toString()).not.toMatch(/127\.0\.0\.1|at .*\.ts/);
      await closed.promise;
      expect(await shown(balancer)).toMatchObject({ failures: 1, inFlight: 0 });
    },
  );

  test("keeps duplicates and the server's name, and loses the fields of the hop", async () => {
    const fields =
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Served-By: me\r\nX-Secret: s\r\nConnection: x-secret, keep-alive";
    const { port } = await startBefore(`HTTP/1.1 200 OK\r\n${fields}\r\nContent-Length: 2\r\n\r\nhi`);
    const reply = await ask(port);
    expect(reply.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(servedBy(reply)).toBe("me");
    expect(reply.headers["x-secret"]).toBeUndefined();
  });

  test("to HEAD has the length and no body", async () => {
    const { port } = await startBefore("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n");
    const reply = await ask(port, { method: "HEAD" });
    expect([reply.status, reply.headers["content-length"], reply.body.length]).toEqual([200, "77", 0]);
  });

  test("has no fields of the server's where the balancer says its own", async () => {
    const response = "HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nX-Lbctl-Attempts: 9\r\nContent-Length: 0\r\n\r\n";
    const members = [member("scripted", await startScripted(response))];
    const plain = await ask((await startFor(members)).port);
    expect([plain.headers["x-request-id"], plain.headers["x-lbctl-attempts"]]).toEqual(["theirs", undefined]);
    const numbered = await ask((await startFor(members, { key: { kind: "request-id" } })).port);
    expect(numbered.headers["x-request-id"]).toMatch(/^\d{6}$/);
  });

  test("of a server's own error passes as it is", async () => {
    const { port } = await startBefore("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops");
    const reply = await ask(port);
    expect([reply.status, reply.body.toString(), reply.headers["x-lbctl-attempts"]]).toEqual([500, "oops", undefined]);
  });
});

describe("22: an interim response", () => {
  const hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  const final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

  test("is passed on to HTTP/1.1 alone", async () => {
    const { port } = await startBefore(`${hints}${hints}${final}`);
    expect(await exchange(port, get)).toMatch(
      /^(HTTP\/1.1 103 Early Hints\r\nLink: <\/x>\r\n\r\n){2}HTTP\/1.1 200 OK\r\n/,
    );
    expect(await exchange(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });
});

test("22: 204 and 304 have no body, and 204 no length", async () => {
  const { port } = await startBefore("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
  expect(await exchange(port, get)).not.toMatch(/content-length/i);
  const { port: other } = await startBefore("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  expect(await exchange(other, get)).toMatch(/Content-Length: 5\r\n.*\r\n\r\n$/s);
});

describe("23: a response that ends with its connection", () => {
  const response = "HTTP/1.0 200 OK\r\nX: y\r\n\r\nabc";
  test("is passed on in chunks", async () => {
    const { port } = await startBefore(response, (socket) => socket.end());
    const reply = await ask(port);
    expect([reply.headers["transfer-encoding"], reply.body.toString()]).toEqual(["chunked", "abc"]);
  });
  test("ends with the connection for HTTP/1.0", async () => {
    const { port } = await startBefore(response, (socket) => socket.end());
    const text = await exchange(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\nX: y\r\n.*Connection: close\r\n\r\nabc$/s);
  });
});

test("23: chunks are taken off for HTTP/1.0, whose connection may last where the length is said", async () => {
  const { port } = await startBefore(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: u\r\n\r\n",
  );
  expect(await exchange(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/Connection: close\r\n\r\nabc$/);
  const { port: other } = await startBefore("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  const twice = `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n`;
  expect((await exchange(other, twice)).match(/Connection: \S+/g)).toEqual([
    "Connection: keep-alive",
    "Connection: close",
  ]);
});

test("12: a server's trailers are passed on", async () => {
  const { port } = await startBefore(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n",
  );
  expect(await exchange(port, get)).toMatch(/\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n$/);
});

test("24: a response before the end of the body is passed on, and its connection used no more", async () => {
  const closed = signal();
  let connections = 0;
  const port = await startRaw((socket) => {
    connections += 1;
    socket.once("data", () => socket.write("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"));
    socket.on("close", closed.resolve);
  });
  const { port: front } = await startFor([member("a", port)]);
  const socket = connect({ host: "127.0.0.1", port: front });
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\nx");
  expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1.1 403 .*no$/s);
  // The client goes on with its body, and with another request.
  socket.write(`${"x".repeat(199_999)}${get}`);
  expect(await textOf(socket)).toMatch(/^HTTP\/1.1 403 .*no$/s);
  expect(connections).toBe(2);
  await closed.promise;
});

describe("25: a response that breaks off", () => {
  test.each([
    ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Content-Length: 10\r\n\r\nhalf"],
    ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nff\r\nhalf"],
    ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalfx"],
    ["GET / HTTP/1.0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ])("(%j: %j) never ends cleanly, and counts", async (request, rest) => {
    const balancer = await startBefore(`HTTP/1.1 200 OK\r\n${rest}`, (socket) => socket.end());
    await expect(exchange(balancer.port, request)).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect.poll(async () => (await shown(balancer)).failures, pollTimeout).toBe(1);
  });

  test("by a reset, where only a proper end would be one, never ends cleanly", async () => {
    const { port } = await startBefore("HTTP/1.1 200 OK\r\n\r\nhalf", (socket) => socket.resetAndDestroy());
    for (let count = 0; count < 20; count += 1) await expect(ask(port)).rejects.toThrow();
  });
});

test("25: a response that should end with its connection, and is reset, never ends cleanly", async () => {
  for (const request of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"]) {
    const begun = signal<Socket>();
    const balancer = await startBefore("HTTP/1.1 200 OK\r\n\r\nhalf", begun.resolve);
    const client = connect({ host: "127.0.0.1", port: balancer.port }, () => client.write(request));
    const response = textOf(client);
    const server = await begun.promise;
    await once(client, "readable");
    server.resetAndDestroy();
    await expect(response).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await shown(balancer)).failures).toBe(1);
  }
});

describe("26: bytes that nobody asked for", () => {
  test("end the connection, and are nobody's response", async () => {
    const extra = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    let connections = 0;
    const port = await startRaw((socket) => {
      connections += 1;
      socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${extra}`));
    });
    const { port: front } = await startFor([member("a", port)]);
    for (let count = 0; count < 3; count += 1) expect((await ask(front)).body.toString()).toBe("ok");
    expect(connections).toBe(3);
  });

  test("late on a connection end the use of others again, on which more could be late", async () => {
    const sockets: Socket[] = [];
    const port = await startRaw((socket) => {
      sockets.push(socket);
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    });
    const { port: front } = await startFor([member("a", port)]);
    for (let count = 0; count < 3; count += 1) await ask(front);
    expect(sockets).toHaveLength(1);
    const closed = once(sockets[0] as Socket, "close");
    sockets[0]?.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
    await closed;
    for (let count = 0; count < 3; count += 1) expect((await ask(front)).body.toString()).toBe("ok");
    expect(sockets).toHaveLength(4);
  });

  test("at once on a new connection are a failure, not a response before the request", async () => {
    const port = await startRaw((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"));
    const { port: front } = await startFor([member("a", port)]);
    const reply = await ask(front, { method: "POST", body: "x" });
    expect([200, 502]).toContain(reply.status);
  });
});

test("26: bytes behind a response are not the response to the client's next request", async () => {
  const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${body}`;
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (chunk) => {
      socket.write(String(chunk).startsWith("GET") ? ok("gets") + ok("evil") : ok("post"));
    }),
  );
  const { port: front } = await startFor([member("a", port)]);
  const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const text = await exchange(front, `GET / HTTP/1.1\r\nHost: x\r\n\r\n${post}`);
  expect(text.match(/gets|evil|post/g)).toEqual(["gets", "post"]);
});

test("27: a connection that was closed while idle costs a POST nothing either, when that is known", async () => {
  const sockets: Socket[] = [];
  const port = await startRaw((socket) => {
    sockets.push(socket);
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  });
  const { port: front } = await startFor([member("a", port)]);
  for (let count = 0; count < 5; count += 1) {
    expect((await ask(front, { method: "POST", body: "x" })).status).toBe(200);
    const [socket] = sockets.splice(0);
    await expect.poll(() => socket?.closed, pollTimeout).toBe(true);
  }
});

test("46: a Trailer field without chunks harms neither side", async () => {
  const { port } = await startBefore("HTTP/1.1 200 OK\r\nTrailer: x\r\nContent-Length: 2\r\n\r\nhi");
  expect(await exchange(port, `POST / HTTP/1.1\r\nTrailer: x\r\nContent-Length: 0\r\n${get.slice(16)}`)).toMatch(/hi$/);
});

test("19: a 101 that names no protocol is a 502", async () => {
  const { port } = await startBefore("HTTP/1.1 101 Go\r\nConnection: upgrade\r\n\r\n");
  const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: upgrade, close\r\n\r\n";
  expect(await exchange(port, upgrade)).toMatch(/^HTTP\/1.1 502 /);
});
