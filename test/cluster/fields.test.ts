/** How the fields of requests and responses are forwarded: behaviours 15 to 20, and 45. */
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { ask, exchange, json, member, startFor, startHttp, startRaw, startScripted } from "./harness.ts";

/** A balancer in front of a server that answers with the head that it got, and the one that it answers itself with. */
async function startEcho(more: Parameters<typeof startFor>[1] = {}) {
  const port = await startRaw((socket) => {
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
      if (!text.includes("\r\n\r\n")) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`, "latin1");
      text = "";
    });
  });
  const balancer = await startFor([member("echo", port)], more);
  /** The head that the server gets for one with these lines. */
  return async (first: string, ...lines: string[]): Promise<string[]> => {
    const response = await exchange(balancer.port, [first, ...lines, "Connection: close", "", ""].join("\r\n"));
    return response.slice(response.indexOf("\r\n\r\n") + 4).split("\r\n");
  };
}

const own = ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: x", "", ""];

describe("15: hop-by-hop fields", () => {
  test("go, and with them all that Connection names", async () => {
    const lines = [
      "Keep-Alive: timeout=1",
      "Proxy-Connection: x",
      "TE: trailers",
      "Trailer: a",
      "Upgrade: websocket",
      "X-A: 1",
      "Connection: x-a, X-B",
      "x-b: 2",
      "X-C: 3",
    ];
    expect(await (await startEcho())("GET / HTTP/1.1", "Host: x", ...lines)).toEqual([
      "GET / HTTP/1.1",
      "Host: x",
      "X-C: 3",
      ...own,
    ]);
  });

  test("go from trailers, both ways", async () => {
    const chunks = "0\r\nX-Sum: 1\r\nX-Hop: 2\r\n\r\n";
    const head = "Connection: close, x-hop\r\nTransfer-Encoding: chunked\r\n\r\n";
    let seen = "";
    const port = await startRaw((socket) =>
      socket.setEncoding("latin1").on("data", (chunk) => {
        seen += chunk;
        if (seen.endsWith("\r\n0\r\nX-Sum: 1\r\n\r\n")) socket.end(`HTTP/1.1 200 OK\r\n${head}${chunks}`);
      }),
    );
    const { port: front } = await startFor([member("a", port)]);
    const response = await exchange(front, `POST / HTTP/1.1\r\nHost: x\r\n${head}${chunks}`);
    expect(response).toMatch(/\r\n\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  });

  test("but for TE: trailers, where Connection names it", async () => {
    const head = await (await startEcho())("GET / HTTP/1.1", "Host: x", "TE: gzip, trailers", "Connection: te");
    expect(head).toEqual(expect.arrayContaining(["TE: trailers", "Connection: TE"]));
  });

  test("go from responses too", async () => {
    const lines =
      "Keep-Alive: timeout=1\r\nProxy-Connection: x\r\nTE: x\r\nTrailer: a\r\nX-A: 1\r\nConnection: x-a, keep-alive\r\nX-B: 2\r\nUpgrade: h2c";
    const port = await startScripted(`HTTP/1.1 200 OK\r\n${lines}\r\nDate: then\r\nContent-Length: 0\r\n\r\n`);
    const { port: front } = await startFor([member("a", port)]);
    const reply = await ask(front);
    expect(reply.rawHeaders).toEqual(["X-B", "2", "Date", "then", "Content-Length", "0", "Connection", "close"]);
  });
});

describe("16: who is asked for", () => {
  test("Field names with _ for - are dropped where they pass for one that counts", async () => {
    const aliases = ["X_Forwarded_For: 1.2.3.4", "Content_Length: 7", "Transfer-Encoding_: x", "x_a: 1", "hos_t: y"];
    expect(await (await startEcho())("GET / HTTP/1.1", "Host: x", ...aliases)).toEqual([
      "GET / HTTP/1.1",
      "Host: x",
      "Transfer-Encoding_: x",
      "x_a: 1",
      "hos_t: y",
      ...own,
    ]);
  });

  test("Via is added when it is asked for, both ways", async () => {
    const port = await startHttp(({ headers }, response) => response.end(headers.via));
    const { port: front } = await startFor([member("a", port)], { via: true });
    const reply = await ask(front, { headers: { via: "1.0 before" } });
    expect([reply.body.toString(), reply.headers.via]).toEqual(["1.0 before, 1.1 lbctl", "1.1 lbctl"]);
  });

  test("HTTP/1.0 without a host asks for ours, and for nobody else", async () => {
    const [first, host, ...others] = await (await startEcho())("GET / HTTP/1.0");
    expect(first).toBe("GET / HTTP/1.1");
    expect(host).toMatch(/^Host: 127\.0\.0\.1:\d+$/);
    // It has not said whom it asks.
    expect(others).toEqual(own.filter((line) => !line.startsWith("X-Forwarded-Host")));
  });
});

test("17: order, case, duplicates and bytes over 0x7f stay as they were", async () => {
  const lines = ["x-TWO:  2\t", "Cookie: a", "X-One: \xe9\xff", "Cookie: b", "X-ONE:"];
  expect((await (await startEcho())("GET /%2f/../x HTTP/1.1", "Host: x", ...lines)).slice(0, 7)).toEqual([
    "GET /%2f/../x HTTP/1.1",
    "Host: x",
    ...lines,
  ]);
});

describe("18: Expect", () => {
  test("100-continue is passed on, and so is the answer to it", async () => {
    const port = await startHttp((request, response) => void request.on("data", (chunk) => response.end(chunk)));
    const { port: front } = await startFor([member("a", port)]);
    const head = "PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    const socket = connect({ host: "127.0.0.1", port: front }, () => socket.write(head));
    let text = "";
    const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (chunk) => {
      text += chunk;
      if (text === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("abc");
    });
    await ended;
    expect(text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n.*abc/s);
  });

  test("from HTTP/1.0 counts for nothing: its client would take a 100 for the answer", async () => {
    for (const expected of ["100-continue", "more"]) {
      const head = await (await startEcho())("POST / HTTP/1.0", `Expect: ${expected}`, "Host: x");
      expect(head).toEqual(["POST / HTTP/1.1", "Host: x", ...own]);
    }
  });

  test("of anything else is a 417", async () => {
    const { port } = await startFor([]);
    const text = await exchange(port, "GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 417 .*"reason":"expectation-failed"/s);
  });
});

describe("20: Max-Forwards", () => {
  test("at 0 has OPTIONS answered here, and counts down before", async () => {
    const response = await exchange(
      (await startFor([])).port,
      "OPTIONS * HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n",
    );
    expect(response).toMatch(/^HTTP\/1.1 200 .*Allow: GET/s);
    const head = await (await startEcho())("OPTIONS * HTTP/1.1", "Host: x", "Max-Forwards: 5");
    expect(head.slice(0, 3)).toEqual(["OPTIONS * HTTP/1.1", "Max-Forwards: 4", "Host: x"]);
  });

  test("of OPTIONS that is not one number is a 400, and of any other method goes on as it is", async () => {
    for (const lines of ["Max-Forwards: 1x", "Max-Forwards: 1\r\nMax-Forwards: 1"]) {
      const bytes = `OPTIONS / HTTP/1.1\r\nHost: x\r\n${lines}\r\nConnection: close\r\n\r\n`;
      expect(await exchange((await startFor([])).port, bytes)).toMatch(/^HTTP\/1.1 400 /);
    }
    const head = await (await startEcho())("GET / HTTP/1.1", "Host: x", "Max-Forwards: 0");
    expect(head.slice(0, 3)).toEqual(["GET / HTTP/1.1", "Host: x", "Max-Forwards: 0"]);
  });

  test("TRACE is a 405 wherever it goes", async () => {
    const text = await exchange((await startFor([])).port, "TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 405 .*\r\nAllow: /s);
  });
});

test("31, 45: what the balancer says itself tells no version, address or stack", async () => {
  const { port } = await startFor([member("dead", 1)]);
  for (const bytes of ["GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\0"]) {
    const text = await exchange(port, bytes);
    expect(text).not.toMatch(/\r\nServer:|node|\d+\.\d+\.\d+|127\.|at .*\.ts/i);
    expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n")))).toMatchObject({ error: { id: expect.any(String) } });
  }
  expect(json(await ask(port)).error.reason).toBe("unreachable");
});
