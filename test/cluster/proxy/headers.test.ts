import { describe, expect, test } from "vitest";
import { defaultSettings } from "../../../cluster/balancer/config/options.ts";
import { parseRewrites, rewriteTarget } from "../../../cluster/balancer/config/rewrite.ts";
import {
  canonicalLength,
  hopByHopInRequest,
  hopByHopInResponse,
  keptLines,
} from "../../../cluster/balancer/proxy/headers/hop-by-hop.ts";
import { connectionLine, type KeepAliveFacts, keepsAlive } from "../../../cluster/balancer/proxy/headers/keep-alive.ts";
import { RequestFields, wantsUpgrade } from "../../../cluster/balancer/proxy/headers/request-fields.ts";
import { framingForClient, responseHead } from "../../../cluster/balancer/proxy/headers/response-fields.ts";
import { HeadReaders } from "../../../cluster/balancer/proxy/io/head-readers.ts";
import { Framing, requestFraming } from "../../../src/http1/index.ts";

const readers = new HeadReaders(defaultSettings);

function requestOf(text: string) {
  const bytes = Buffer.from(text, "latin1");
  const head = readers.takeRequest();
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
  return head;
}

function responseOf(text: string) {
  const bytes = Buffer.from(text, "latin1");
  const head = readers.takeResponse();
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
  return head;
}

describe("the lines that go on", () => {
  const get = (fields: string) => requestOf(`GET / HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);

  test("are as they came, without those of this hop and those that Connection names", () => {
    const head = get("A: 1\r\nTE: trailers\r\nConnection: close, b\r\nB: 2\r\na:3\r\nKeep-Alive: 1\r\nUpgrade: x\r\n");
    expect(keptLines(head, hopByHopInRequest)).toBe("Host: x\r\nA: 1\r\na:3\r\n");
  });

  test("of a request are without Trailer and names that others take for known ones; of a response with Trailer", () => {
    expect(keptLines(get("Trailer: a\r\nContent_Length: 3\r\nC: 4\r\n"), hopByHopInRequest)).toBe(
      "Host: x\r\nC: 4\r\n",
    );
    const head = responseOf(
      "HTTP/1.1 200 OK\r\nTrailer: a\r\nProxy-Authenticate: b\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    expect(keptLines(head, hopByHopInResponse)).toBe("Trailer: a\r\n");
    expect(keptLines(head, hopByHopInResponse, ["trailer"])).toBe("");
  });

  test("54: have a Content-Length without leading zeros", () => {
    const post = (length: string) => requestOf(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
    expect(canonicalLength(post("010").fields)).toBe("Content-Length: 10\r\n");
    expect([canonicalLength(post("10").fields), canonicalLength(post("0").fields)]).toEqual(["", ""]);
  });
});

describe("the keep-alive rule", () => {
  const kept: KeepAliveFacts = {
    isAsked: true,
    isClosing: false,
    isEndedByClose: false,
    isBodyUnsure: false,
    isBodyCut: false,
  };

  test("is that each of its facts alone ends a connection", () => {
    expect(keepsAlive(kept)).toBe(true);
    for (const fact of Object.keys(kept) as (keyof KeepAliveFacts)[])
      expect(keepsAlive({ ...kept, [fact]: !kept[fact] })).toBe(false);
  });

  test("is told where the version does not tell it", () => {
    const close = "Connection: close\r\n";
    expect([connectionLine(true, 1), connectionLine(true, 0)]).toEqual(["", "Connection: keep-alive\r\n"]);
    expect([connectionLine(false, 1), connectionLine(false, 0)]).toEqual([close, close]);
  });
});

describe("the head of a request for a server", () => {
  const origin = (isTrusted: boolean) => ({
    address: "10.0.0.9",
    isTrusted,
    localAddress: () => ({ host: "::1", port: 5000 }),
  });
  const written = (text: string, isTrusted = false, rewrites = "") => {
    const head = requestOf(text);
    const options = { via: true, rewrites: rewrites === "" ? [] : parseRewrites(rewrites) };
    return new RequestFields(origin(isTrusted), options).write(head, requestFraming(head), false).split("\r\n");
  };

  test("says where it came from, whatever a stranger says", () => {
    const lines = written("GET /x HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n\r\n");
    expect(lines).toEqual([
      "GET /x HTTP/1.1",
      "Host: h",
      "Via: 1.1 lbctl",
      "X-Forwarded-For: 10.0.0.9",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: h",
      "",
      "",
    ]);
  });

  test("keeps what a trusted peer says, and adds the peer", () => {
    const lines = written(
      "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\r\n",
      true,
    );
    expect(lines).toContain("X-Forwarded-For: 1.2.3.4, 10.0.0.9");
    expect(lines).toContain("X-Forwarded-Proto: https");
    expect(lines).not.toContain("X-Forwarded-Proto: http");
  });

  test("is HTTP/1.1, with a Host", () => {
    expect(written("GET / HTTP/1.0\r\n\r\n").slice(0, 2)).toEqual(["GET / HTTP/1.1", "Host: [::1]:5000"]);
    expect(written("GET http://abs/p HTTP/1.1\r\nHost: h\r\n\r\n").slice(0, 2)).toEqual([
      "GET /p HTTP/1.1",
      "Host: abs",
    ]);
  });

  test("55: has the path that the server has", () => {
    expect(written("GET /api?q=1 HTTP/1.1\r\nHost: h\r\n\r\n", false, "/api=/data")[0]).toBe("GET /data?q=1 HTTP/1.1");
    expect(written("GET /api?q=1 HTTP/1.1\r\nHost: h\r\n\r\n")[0]).toBe("GET /api?q=1 HTTP/1.1");
  });

  test("asks for another protocol where its client did, but never for h2c", () => {
    const wants = (upgrade: string, more = "Connection: upgrade\r\n") => {
      const head = requestOf(`GET / HTTP/1.1\r\nHost: h\r\nUpgrade: ${upgrade}\r\n${more}\r\n`);
      return wantsUpgrade(head, Framing.none);
    };
    expect([wants("websocket"), wants("h2c"), wants("websocket, h2c"), wants("websocket", "")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("55: rewriting", () => {
  test.each([
    ["/api=/data", "/api", "/data"],
    ["/api=/data", "/api/", "/data/"],
    ["/api=/data", "/api/1?a=/api", "/data/1?a=/api"],
    ["/api=/data", "/api?x", "/data?x"],
    ["/api=/data", "/apis", "/apis"],
    ["/api=/data", "/v1/api", "/v1/api"],
    ["/api=/", "/api/x", "/x"],
    ["/api=/", "/api", "/"],
    ["/=/app", "/x", "/app/x"],
    ["/a=/b,/b=/c", "/a", "/b"],
    ["/a/b=/c, /a=/d", "/a/b", "/c"],
  ])("%s: %s is %s", (rules, from, to) => {
    expect(rewriteTarget(from, parseRewrites(rules))).toBe(to);
  });

  test.each(["", "api=/data", "/api", "/api=/data=/x", "/api/=/data", "/a b=/c", "/a=/b?x"])("refuses %j", (text) => {
    expect(() => parseRewrites(text)).toThrow(/write \/from=\/to/);
  });
});

describe("the head of a response for a client", () => {
  const head = (text: string, framing: Framing = Framing.length, lines = "") =>
    responseHead(responseOf(text), framing, lines, false);

  test("is HTTP/1.1, with a date and without what the balancer alone says", () => {
    expect(head("HTTP/1.0 200 Fine\r\nX-Lbctl-Attempts: 9\r\nA: 1\r\n\r\n", Framing.close, "B: 2\r\n")).toMatch(
      /^HTTP\/1\.1 200 Fine\r\nA: 1\r\nDate: [^\r]+ GMT\r\nB: 2\r\n\r\n$/,
    );
  });

  test("has no length where there can be none, and no Trailer without chunks", () => {
    const date = "Date: x\r\n";
    expect(head(`HTTP/1.1 204 No\r\nContent-Length: 4\r\n${date}\r\n`, Framing.none)).toBe(
      `HTTP/1.1 204 No\r\n${date}\r\n`,
    );
    const trailer = `HTTP/1.1 200 OK\r\nTrailer: a\r\n${date}\r\n`;
    expect(head(trailer, Framing.close)).toBe(`HTTP/1.1 200 OK\r\n${date}\r\n`);
    expect(head(trailer, Framing.chunked)).toBe(trailer);
  });

  test("says how the body goes on to a client of its version", () => {
    expect([framingForClient(Framing.close, 1), framingForClient(Framing.chunked, 0)]).toEqual([
      Framing.chunked,
      Framing.close,
    ]);
    for (const minor of [0, 1])
      expect([framingForClient(Framing.length, minor), framingForClient(Framing.none, minor)]).toEqual([
        Framing.length,
        Framing.none,
      ]);
  });
});
