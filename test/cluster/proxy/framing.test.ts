/** Framing on its way through: what is refused, and what is passed on in its canonical form. Behaviour 54. */
import { describe, expect, test } from "vitest";
import { exchange, member, signal, startFor, startRaw, startScripted } from "../harness.ts";
import { bodyOf, get, ok, open, statusesOf } from "./raw.ts";

/** A balancer before a server that keeps all that it gets, and responds when a message ends as `end` says. */
async function startRecorder(end: RegExp) {
  let seen = "";
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (chunk) => {
      seen += chunk;
      if (end.test(seen)) socket.write(ok("ok"));
    }),
  );
  const { port: front } = await startFor([member("recorder", port)]);
  return { front, seen: () => seen };
}

const chunked = (coding: string, version = "1.1"): string =>
  `POST / HTTP/${version}\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;

describe("54: a Transfer-Encoding", () => {
  test.each([
    ["gzip", 400],
    ["identity", 400],
    ["chunked, gzip", 400],
    ["chunked, chunked", 400],
    ["chunked\r\nTransfer-Encoding: chunked", 400],
    ["chunked, identity", 400],
    ["xchunked", 400],
    ["gzip, chunked", 501],
    ["foo, chunked", 501],
    ["gzip\r\nTransfer-Encoding: chunked", 400],
  ])("of %j is refused with %i and reaches nobody", async (coding, status) => {
    const { front, seen } = await startRecorder(/\r\n\r\n/);
    expect(statusesOf(await exchange(front, chunked(coding)))).toEqual([status]);
    expect(seen()).toBe("");
  });

  test.each(["Chunked", "CHUNKED", "chunked\t"])("of %j is chunked, and goes on so", async (coding) => {
    const { front, seen } = await startRecorder(/\r\n0\r\n\r\n$/);
    expect(statusesOf(await exchange(front, chunked(coding)))).toEqual([200]);
    expect(seen()).toMatch(/\r\nTransfer-Encoding: chunked\r\n.*\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/s);
  });

  test("in HTTP/1.0 is refused", async () => {
    const { front, seen } = await startRecorder(/\r\n\r\n/);
    expect(statusesOf(await exchange(front, chunked("chunked", "1.0")))).toEqual([400]);
    expect(seen()).toBe("");
  });

  test.each(["gzip", "chunked, gzip", "chunked, chunked"])("of %j in a response is a 502", async (coding) => {
    const port = await startScripted(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\nabc`, (socket) =>
      socket.end(),
    );
    const { port: front } = await startFor([member("a", port)]);
    expect(statusesOf(await exchange(front, get("/", "Connection: close\r\n")))).toEqual([502]);
  });
});

describe("54: leading zeros do not go on", () => {
  test("in a request's length", async () => {
    const { front, seen } = await startRecorder(/abc$/);
    await exchange(front, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0003\r\n\r\nabc");
    expect(seen()).toMatch(/\r\nContent-Length: 3\r\n/i);
    expect(seen()).not.toContain("0003");
  });

  test("in a request's length of nothing", async () => {
    const { front, seen } = await startRecorder(/\r\n\r\n$/);
    await exchange(front, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 000\r\n\r\n");
    expect(seen()).toMatch(/\r\nContent-Length: 0\r\n/i);
  });

  test.each(["0003\r\nabc\r\n0000\r\n\r\n", "3;x=y\r\nabc\r\n00;z\r\n\r\n", "0000000000000003\r\nabc\r\n0\r\n\r\n"])(
    "in a request's chunks %j",
    async (chunks) => {
      const { front, seen } = await startRecorder(/\r\n0+\r\n\r\n$/);
      const fields = "Connection: close\r\nTransfer-Encoding: chunked";
      await exchange(front, `POST / HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n${chunks}`);
      expect(bodyOf(seen())).toBe("3\r\nabc\r\n0\r\n\r\n");
    },
  );

  test.each([
    ["GET", "200 OK", "abc"],
    ["HEAD", "200 OK", ""],
    ["GET", "304 Not Modified", ""],
  ])("in the length of a response to %s, %s", async (method, status, body) => {
    const port = await startScripted(`HTTP/1.1 ${status}\r\nContent-Length: 0003\r\n\r\n${body}`);
    const { port: front } = await startFor([member("a", port)]);
    const text = await exchange(front, `${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/\r\nContent-Length: 3\r\n/i);
    expect(bodyOf(text)).toBe(body);
  });

  test("in a response's chunks", async () => {
    const port = await startScripted(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0003;x=y\r\nabc\r\n00\r\n\r\n",
    );
    const { port: front } = await startFor([member("a", port)]);
    expect(bodyOf(await exchange(front, get("/", "Connection: close\r\n")))).toBe("3\r\nabc\r\n0\r\n\r\n");
  });
});

describe("54: a version", () => {
  test.each(["1.2", "1.9"])("of HTTP/%s in a request counts as 1.1, and goes on as 1.1", async (version) => {
    const { front, seen } = await startRecorder(/\r\n0\r\n\r\n$/);
    expect(statusesOf(await exchange(front, chunked("chunked", version)))).toEqual([200]);
    expect(seen()).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
  });

  test("of HTTP/1.2 needs its host, and lasts, as 1.1 does", async () => {
    const { front } = await startRecorder(/\r\n\r\n$/);
    expect(statusesOf(await exchange(front, "GET / HTTP/1.2\r\n\r\n"))).toEqual([400]);
    const two = `${get("/one").replace("1.1", "1.2")}${get("/two", "Connection: close\r\n")}`;
    expect(statusesOf(await exchange(front, two))).toEqual([200, 200]);
  });

  test.each(["2.0", "0.9", "3.0"])("of HTTP/%s is a 505", async (version) => {
    const { front } = await startRecorder(/\r\n\r\n$/);
    expect(statusesOf(await exchange(front, `GET / HTTP/${version}\r\nHost: x\r\n\r\n`))).toEqual([505]);
  });

  test("of HTTP/1.2 in a response counts as 1.1, and goes on as 1.1", async () => {
    const port = await startScripted(ok("abc").replace("1.1", "1.2"));
    const { port: front } = await startFor([member("a", port)]);
    expect(await exchange(front, get("/", "Connection: close\r\n"))).toMatch(/^HTTP\/1\.1 200 .*abc$/s);
  });
});

test("54: a response's Trailer field goes on with its trailers, and not without them", async () => {
  const trailed = "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n";
  const { port } = await startFor([member("a", await startScripted(trailed))]);
  const text = await exchange(port, get("/", "TE: trailers\r\nConnection: TE, close\r\n"));
  expect(text).toMatch(/\r\nTrailer: X-Sum\r\n.*\r\n0\r\nX-Sum: 1\r\n\r\n$/s);
  // HTTP/1.0 has no chunks, hence no trailers.
  expect(await exchange(port, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")).not.toMatch(/X-Sum/);
});

test("54: a client that has shut its sending side is waited for", async () => {
  const arrived = signal();
  const port = await startRaw((socket) =>
    socket.once("data", () => {
      arrived.resolve();
      // Longer than any grace for a client that may be gone.
      setTimeout(() => socket.write(ok("late")), 2_500);
    }),
  );
  const client = open(await startFor([member("a", port)]));
  let text = "";
  client.on("data", (chunk) => {
    text += chunk;
  });
  client.end(get("/"));
  await arrived.promise;
  await new Promise((resolve) => client.once("close", resolve));
  expect(text).toMatch(/^HTTP\/1\.1 200 .*late$/s);
});
