/** How requests are read: behaviours 1 to 14. The codec's own cases are in test/http1; here is what a client sees of them. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { type Balancer, closeOf, exchange, member, startFor, startHttp, startRaw } from "./harness.ts";

/** A balancer in front of a server that keeps what it gets, and answers 200 to everything that ends like a head. */
async function startBeforeRecorder(): Promise<{ balancer: Balancer; seen: () => string }> {
  let seen = "";
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (chunk) => {
      seen += chunk;
      if (seen.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }),
  );
  return { balancer: await startFor([member("recorder", port)]), seen: () => seen };
}

const host = "Host: x\r\n";
const refused: readonly (readonly [number, string, number])[] = [
  [1, `GET  / HTTP/1.1\r\n${host}\r\n`, 400],
  [1, `GET / HTTP/1.1\n${host}\r\n`, 400],
  [1, `\r\n\r\nGET / HTTP/1.1\r\n${host}\r\n`, 400],
  [2, `${"A".repeat(33)} / HTTP/1.1\r\n${host}\r\n`, 501],
  [3, `GET / HTTP/2.0\r\n${host}\r\n`, 505],
  [3, "GET /\r\n", 400],
  [4, `GET /#x HTTP/1.1\r\n${host}\r\n`, 400],
  [4, `GET * HTTP/1.1\r\n${host}\r\n`, 400],
  [4, `CONNECT x:1 HTTP/1.1\r\n${host}\r\n`, 405],
  [4, `GET /${"x".repeat(9_000)} HTTP/1.1\r\n${host}\r\n`, 414],
  [5, "GET / HTTP/1.1\r\n\r\n", 400],
  [5, `GET / HTTP/1.1\r\n${host}Host: y\r\n\r\n`, 400],
  [5, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
  [6, `GET / HTTP/1.1\r\n${host}X : y\r\n\r\n`, 400],
  [6, `GET / HTTP/1.1\r\n${host}X: y\r\n z\r\n\r\n`, 400],
  [6, `GET / HTTP/1.1\r\n${host}X: \0\r\n\r\n`, 400],
  [7, `GET / HTTP/1.1\r\n${host}X: ${"y".repeat(9_000)}\r\n\r\n`, 431],
  [7, `GET / HTTP/1.1\r\n${host}${"X: y\r\n".repeat(101)}\r\n`, 431],
  [8, `POST / HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\na`, 400],
  [8, `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, 400],
  [9, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  [9, `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  [10, `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  [15, `GET / HTTP/1.1\r\n${host}Connection: close, host\r\n\r\n`, 400],
];

test.each(refused)("%i: %j is refused with %i, closed, and passed on to nobody", async (_number, bytes, status) => {
  const { balancer, seen } = await startBeforeRecorder();
  const response = await exchange(balancer.port, `${bytes}GET /smuggled HTTP/1.1\r\n${host}\r\n`);
  expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(response).toContain("\r\nConnection: close\r\n");
  expect(response.match(/HTTP\/1.1 \d/g)).toHaveLength(1);
  expect(seen()).toBe("");
});

describe("11: a body whose chunks are badly framed", () => {
  test.each(["0x1\r\na\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", "1;\n\r\na\r\n", "2\r\na\r\n0\r\n\r\n"])(
    "(%j) is refused, and the server has no whole request",
    async (body) => {
      const { balancer, seen } = await startBeforeRecorder();
      const response = await exchange(
        balancer.port,
        `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${body}GET / HTTP/1.1\r\n${host}\r\n`,
      );
      expect(response).toMatch(/^HTTP\/1.1 400 /);
      expect(seen()).not.toMatch(/\r\n0\r\n|GET/);
    },
  );

  test("is passed on without its extensions", async () => {
    const { balancer, seen } = await startBeforeRecorder();
    const last = "0;last=1\r\n\r\n";
    await exchange(
      balancer.port,
      `POST / HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\nabc\r\n${last}`,
    );
    expect(seen()).toMatch(/\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
  });
});

test("12: trailers are passed on, but for those that frame, route or say who speaks", async () => {
  const { balancer, seen } = await startBeforeRecorder();
  const trailers = "X-Sum: 1\r\nContent-Length: 7\r\nHost: y\r\nX-Forwarded-For: 1.2.3.4\r\n";
  await exchange(
    balancer.port,
    `POST / HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailers}\r\n`,
  );
  expect(seen()).toMatch(/\r\n\r\n0\r\nX-Sum: 1\r\n\r\n$/);
});

describe("13: a connection", () => {
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${host}\r\n`;

  test("carries requests one after another, with bodies between them", async () => {
    const seen: string[] = [];
    const port = await startHttp(async (request, response) => {
      seen.push(`${request.method} ${request.url} ${JSON.stringify(await text(request))}`);
      response.end();
    });
    const { port: front } = await startFor([member("a", port)]);
    const post = `POST /b HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\n\r\n\r\n`;
    const last = `GET /c HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    const responses = await exchange(front, `${get("/a")}${post}\r\n${last}`);
    expect(responses.match(/HTTP\/1.1 200/g)).toHaveLength(3);
    expect(seen).toEqual(['GET /a ""', 'POST /b "\\r\\n\\r\\n"', 'GET /c ""']);
  });

  test("that ends with a request takes nothing that follows", async () => {
    const { balancer, seen } = await startBeforeRecorder();
    const last = `GET /last HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    const response = await exchange(balancer.port, `${last}${get("/more")}\0`);
    expect([response.match(/HTTP\/1.1 200/g)?.length, seen().includes("more")]).toEqual([1, false]);
  });

  test("of which a body is not wanted goes on behind it", async () => {
    const balancer = await startFor([]);
    const post = `POST / HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\n${"x".repeat(100_000)}`;
    const response = await exchange(balancer.port, `${post}GET /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    expect(response.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 503", "HTTP/1.1 503"]);
    expect(response).toContain('"status":"no server available"');
  });

  test("of which too much is not wanted is cut", async () => {
    const { port } = await startFor([]);
    const total = 512 * 1024 * 1024;
    const socket = connect({ host: "127.0.0.1", port }).on("error", () => {});
    socket.write(`POST / HTTP/1.1\r\n${host}Content-Length: ${total}\r\n\r\n`);
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1.1 503 /);
    const chunk = Buffer.alloc(1024 * 1024);
    let given = 0;
    const give = (): void => {
      for (; given < total && !socket.destroyed; given += chunk.length) if (!socket.write(chunk)) return;
    };
    socket.on("drain", give);
    give();
    await closeOf(socket);
    expect(given).toBeLessThan(total / 2);
  });

  test("whose client waits for 100 with its body ends after another answer", async () => {
    const balancer = await startFor([]);
    const response = await exchange(
      balancer.port,
      `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    expect(response).toMatch(/^HTTP\/1.1 503 .*\r\nConnection: close\r\n/s);
  });
});

test("14: a request that comes byte by byte is the same", async () => {
  const port = await startHttp(async (request, response) => {
    const body = await text(request);
    response.end(JSON.stringify([request.method, request.url, body, request.rawTrailers]));
  });
  const balancer = await startFor([member("a", port)]);
  const chunks = "3;x\r\nabc\r\n0\r\nt: u\r\n\r\n";
  const bytes = `POST /x HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
  const socket = connect({ host: "127.0.0.1", port: balancer.port, noDelay: true });
  const response = text(socket);
  for (const byte of bytes) await new Promise<void>((resolve) => socket.write(byte, () => setImmediate(resolve)));
  expect(await response).toContain('["POST","/x","abc",["t","u"]]');
});
