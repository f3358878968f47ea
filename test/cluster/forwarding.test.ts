import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { parseRewrites } from "../../cluster/balancer/config/rewrite.ts";
import {
  ask,
  control,
  exchange,
  json,
  member,
  pollTimeout,
  signal,
  startFor,
  startHttp,
  startRaw,
  startServers,
} from "./harness.ts";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A balancer in front of a server that answers with what it saw. */
async function startMirror(more: Parameters<typeof startFor>[1] = {}) {
  const port = await startHttp((request, response) => {
    const { method, url, rawHeaders } = request;
    response.end(JSON.stringify({ method, url, rawHeaders }));
  });
  return startFor([member("mirror", port)], more);
}

describe("a request", () => {
  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "passes with method %s",
    async (method) => {
      const { port } = await startMirror();
      expect(json(await ask(port, { method, path: "/x" }))).toMatchObject({ method, url: "/x" });
    },
  );

  test.each([
    ["/api", "/data"],
    ["/api/", "/data/"],
    ["/api/a/b?c=d", "/data/a/b?c=d"],
    ["/api?c=d", "/data?c=d"],
    ["/apifoo", "/apifoo"],
    ["/API", "/API"],
    ["/x/api", "/x/api"],
    ["/a/../b%2fc//d?e=%zz", "/a/../b%2fc//d?e=%zz"],
    ["/healthy", "/healthy"],
  ])("for %s asks the server for %s", async (path, url) => {
    const { port } = await startMirror({ rewrites: parseRewrites("/api=/data") });
    expect(json(await ask(port, { path })).url).toBe(url);
  });

  test.each(["/api", "/api/a/b?c=d", "/"])(
    "for %s asks the server for the same, unless it is told to rewrite",
    async (path) => {
      const { port } = await startMirror();
      expect(json(await ask(port, { path })).url).toBe(path);
    },
  );

  test("in absolute-form goes by its own host", async () => {
    const { port } = await startMirror({ rewrites: parseRewrites("/api=/data") });
    const text = await exchange(
      port,
      "GET http://other.example:8/api/x HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n",
    );
    const seen = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
    expect(seen.url).toBe("/data/x");
    expect(seen.rawHeaders.slice(0, 2).map((each: string) => each.toLowerCase())).toEqual(["host", "other.example:8"]);
  });

  test.each(["Host", "Content-Length", "authorization", "X-Forwarded-For", "a,b,c,d,e,f,g,h,i,j,k"])(
    "that has %s removed by Connection is refused",
    async (name) => {
      const { port } = await startMirror();
      expect((await ask(port, { headers: { connection: name, host: "x" } })).status).toBe(400);
    },
  );

  test.each([
    ["nonsense\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 405],
    ["TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405],
  ])("such as %j is refused with %i, and costs nobody else", async (bytes, status) => {
    const { port } = await startMirror();
    const text = await exchange(port, bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain('{"error":{"reason":');
    expect((await ask(port, { path: "/x" })).status).toBe(200);
  });
});

describe("a body", () => {
  const big = randomBytes(8_000_000);

  test("reaches the server whole, with its length said or not", async () => {
    const { port } = await startFor(await startServers(1));
    const chunked = ask(port, {
      method: "POST",
      body: Readable.from([big.subarray(0, 3_000_001), big.subarray(3_000_001)]),
    });
    const whole = ask(port, { method: "POST", body: big });
    for (const reply of await Promise.all([chunked, whole]))
      expect(json(reply)).toMatchObject({ bytes: big.length, sha256: sha256(big) });
  });

  test.each([true, false])("reaches the client whole (length said: %s)", async (said) => {
    const port = await startHttp((_request, response) => {
      if (said) response.setHeader("Content-Length", big.length);
      Readable.from([big.subarray(0, 1), big.subarray(1, 5_000_000), big.subarray(5_000_000)]).pipe(response);
    });
    const reply = await ask((await startFor([member("a", port)])).port);
    expect(sha256(reply.body)).toBe(sha256(big));
    expect(reply.headers["transfer-encoding"]).toBe(said ? undefined : "chunked");
  });

  test("streams: the server has the beginning before the client has sent the end", async () => {
    const begun = signal();
    const port = await startHttp(async (request, response) => {
      request.once("readable", begun.resolve);
      response.end(await buffer(request));
    });
    const { port: front } = await startFor([member("a", port)]);
    async function* parts() {
      yield "begin,";
      await begun.promise;
      yield "end";
    }
    const reply = await ask(front, { method: "PUT", path: "/x", body: Readable.from(parts()) });
    expect(reply.body.toString()).toBe("begin,end");
  });

  test("whose server answers early leaves the client its answer", async () => {
    const port = await startHttp((_request, response) => response.writeHead(403).end("no"));
    const { port: front } = await startFor([member("a", port)]);
    const reply = await ask(front, { method: "POST", path: "/x", body: big });
    expect([reply.status, reply.body.toString()]).toEqual([403, "no"]);
  });

  test("that nobody reads holds up its server instead of filling memory", async () => {
    const total = 256 * 1024 * 1024;
    let given = 0;
    const begun = signal();
    const port = await startHttp((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const give = (): void => {
        while (given < total) {
          given += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", give);
            return;
          }
        }
      };
      give();
      begun.resolve();
    });
    const { port: front } = await startFor([member("a", port)], { drainMs: 0 });
    const socket = connect({ host: "127.0.0.1", port: front }, () =>
      socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"),
    );
    socket.once("readable", () => {});
    await begun.promise;
    // The server has come to a halt when many turns of everyone's loops have passed and it has given nothing more.
    for (let before = -1; given !== before; ) {
      before = given;
      for (let turn = 0; turn < 20; turn += 1) await ask(front, { path: "/health" });
    }
    expect(given).toBeLessThan(total);
    socket.destroy();
  });
});

describe("a client that goes away", () => {
  test("has its request cancelled, and counts against no server", async () => {
    const cancelled = signal();
    const arrived = signal();
    const port = await startRaw((socket) => {
      socket.on("data", () => arrived.resolve());
      socket.on("close", () => cancelled.resolve());
    });
    const balancer = await startFor([member("a", port)]);
    const socket = connect({ host: "127.0.0.1", port: balancer.port }, () =>
      socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"),
    );
    await arrived.promise;
    socket.resetAndDestroy();
    await cancelled.promise;
    const [server] = json(await control(balancer, "GET", "/v1/servers")).servers;
    expect(server).toMatchObject({ requests: 1, failures: 0, retries: 0, inFlight: 0 });
  });

  test("in the middle of its body counts against no server either", async () => {
    const [server] = await startServers(1);
    const balancer = await startFor(server ? [server] : []);
    const shown = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0];
    for (let count = 0; count < 6; count += 1) {
      const socket = connect({ host: "127.0.0.1", port: balancer.port });
      socket.write("POST /data HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
      await expect.poll(async () => (await shown()).inFlight, pollTimeout).toBe(1);
      socket.destroy();
      await expect.poll(async () => (await shown()).inFlight, pollTimeout).toBe(0);
    }
    expect(await shown()).toMatchObject({ requests: 6, failures: 0, state: "up" });
  });
});

describe("/health", () => {
  test("is the balancer's own", async () => {
    const { port } = await startFor(await startServers(2));
    const reply = await ask(port, { path: "/health" });
    const servers = ["server-1", "server-2"].map((name) => ({ name, state: "up" }));
    expect([reply.status, json(reply)]).toEqual([200, { status: "ok", servers }]);
    expect((await ask(port, { path: "/health", method: "POST" })).status).toBe(405);
  });

  test("is 503 when there is no server, as is every request", async () => {
    const { port } = await startFor([]);
    expect((await ask(port, { path: "/health" })).status).toBe(503);
    const reply = await ask(port);
    expect([reply.status, reply.headers["retry-after"], json(reply).error.reason]).toEqual([503, "2", "no-server"]);
  });
});
