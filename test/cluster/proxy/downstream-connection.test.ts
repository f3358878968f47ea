import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultSettings, type Settings } from "../../../cluster/balancer/config/options.ts";
import type {
  Downstream,
  RequestDispatcher,
  RequestError,
  RequestHandler,
} from "../../../cluster/balancer/proxy/contract.ts";
import { DownstreamConnection } from "../../../cluster/balancer/proxy/downstream/connection.ts";
import { HeadReaders } from "../../../cluster/balancer/proxy/io/head-readers.ts";
import { newProxyCounters } from "../../../cluster/balancer/telemetry/proxy-stats.ts";
import type { BodyReader, RequestHead } from "../../../src/http1/index.ts";
import { FakeStream } from "./fakes.ts";

// The clock stands still but for `pass`: how busy the machine is changes nothing.
beforeEach(() => void vi.spyOn(performance, "now").mockReturnValue(1_000));
afterEach(() => void vi.restoreAllMocks());

/** A request under way, as an exchange would handle it: what the connection tells it, in order. */
class FakeRequest implements RequestHandler {
  readonly heard: string[] = [];
  readonly path: string;
  readonly downstream: Downstream;
  readonly isLast: boolean;
  isUpgrade = false;
  takesBody = false;
  isServerReady = true;
  body = "";

  constructor({ path, keepAlive }: RequestHead, downstream: Downstream) {
    this.path = path;
    this.isLast = !keepAlive;
    this.downstream = downstream;
  }

  sendBody(bytes: Buffer, { dataStart, dataEnd }: BodyReader): boolean {
    this.body += bytes.toString("latin1", dataStart, dataEnd);
    return this.isServerReady;
  }

  flushBody(): void {
    this.heard.push("flush");
  }

  resumeResponse(): void {
    this.heard.push("resume");
  }

  reject(error: RequestError): void {
    this.heard.push(`reject ${error}`);
    this.respond("rejected", false);
  }

  cancel(): void {
    this.heard.push("cancel");
  }

  /** A server takes the body from here on. */
  takeBody(): void {
    this.takesBody = true;
    this.downstream.resumeBody();
  }

  respond(text: string, keepAlive = true): void {
    this.downstream.output.add(`<${text}>`);
    this.downstream.responseDone(keepAlive);
  }
}

/** A client's connection, its other end, its clock, and the requests that came on it. */
function given(more: Partial<Settings> = {}) {
  const stream = new FakeStream();
  const settings = { ...defaultSettings, ...more };
  const clock = { now: performance.now() };
  const requests: FakeRequest[] = [];
  const dispatcher: RequestDispatcher = {
    startRequest: (head, downstream) => {
      const request = new FakeRequest(head, downstream);
      requests.push(request);
      return request;
    },
    rejectUnread: (error, downstream) => {
      downstream.output.add(`<${error}>`);
      downstream.responseDone(false);
    },
  };
  let ended = 0;
  const connection = new DownstreamConnection(
    {
      settings,
      clock,
      dispatcher,
      readers: new HeadReaders(settings),
      trust: { trusts: () => true },
      limits: { acquire: () => true, release: () => {} },
      counts: newProxyCounters(),
      remove: () => {
        ended += 1;
      },
    },
    stream,
  );
  const pass = (ms: number): void => {
    clock.now += ms;
    connection.sweep(clock.now);
  };
  const at = (index: number) => requests[index] as FakeRequest;
  return { connection, stream, requests, at, pass, ended: () => ended };
}

const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("a client's connection", () => {
  test("takes requests one at a time, in whatever pieces they come", () => {
    const text = get("/a") + get("/b");
    for (let cut = 1; cut < text.length; cut += 1) {
      const { stream, requests, at } = given();
      stream.arrive(text.slice(0, cut));
      stream.arrive(text.slice(cut));
      expect(requests.map(({ path }) => path)).toEqual(["/a"]);
      at(0).respond("1");
      expect(requests.map(({ path }) => path)).toEqual(["/a", "/b"]);
      at(1).respond("2");
      expect(stream.writes).toEqual(["<1>", "<2>"]);
      expect(stream.isDestroyed).toBe(false);
    }
  });

  test("puts a body off until a server takes it, and reads no further meanwhile", () => {
    const { stream, at } = given();
    stream.arrive(post("/", "hello"));
    expect([at(0).body, stream.isPaused]).toEqual(["", true]);
    at(0).takeBody();
    expect([at(0).body, at(0).heard.at(-1), stream.isPaused]).toEqual(["hello", "flush", false]);
  });

  test("stops reading while the server takes no more", () => {
    const { stream, at } = given();
    stream.arrive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n");
    at(0).takeBody();
    at(0).isServerReady = false;
    stream.arrive("half");
    expect([at(0).body, stream.isPaused]).toEqual(["half", true]);
    at(0).downstream.resumeReading();
    expect(stream.isPaused).toBe(false);
  });

  test("52: answers a request before it refuses what stands behind it", () => {
    for (const [behind, error] of [
      ["\n", "bad-request"],
      ["CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "method-not-allowed"],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "version-not-supported"],
      [`GET /${"x".repeat(20_000)} HTTP/1.1\r\n`, "target-too-long"],
      [get("/", `A: ${"x".repeat(20_000)}\r\n`), "head-too-large"],
    ]) {
      const { stream, at, requests } = given();
      stream.arrive(post("/", "x") + behind);
      at(0).takeBody();
      expect(stream.written).toBe("");
      at(0).respond("earned");
      expect(stream.written).toBe(`<earned><${error}>`);
      expect([requests.length, stream.isEnded]).toEqual([1, true]);
    }
  });

  test("52: holds so much behind a request, and no more", () => {
    const { stream, at } = given();
    stream.arrive(get("/"));
    stream.arrive("x".repeat(60_000));
    expect(stream.isPaused).toBe(false);
    stream.arrive("x".repeat(6_000));
    expect(stream.isPaused).toBe(true);
    at(0).respond("1");
    expect(stream.written).toBe("<1><not-implemented>");
  });

  test("reads nothing behind a request that asked for the end", () => {
    const { stream, at, requests } = given();
    stream.arrive(get("/", "Connection: close\r\n") + get("/more"));
    at(0).respond("1", false);
    expect([stream.written, requests.length, stream.isEnded, stream.isDestroyed]).toEqual(["<1>", 1, true, false]);
    const polite = given();
    polite.stream.arrive(get("/", "Connection: close\r\n"));
    polite.at(0).respond("1", false);
    expect([polite.stream.isDestroyed, polite.ended()]).toEqual([true, 1]);
  });

  test("drops the rest of a body that has been answered, and goes on behind it", () => {
    const { stream, at, requests } = given();
    stream.arrive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf");
    at(0).respond("1");
    stream.arrive(`rest${get("/next")}`);
    expect(requests.map(({ path }) => path)).toEqual(["/", "/next"]);
    expect(at(0).body).toBe("");
  });

  test("36: waits for a head, for a request and for a body as long as the settings say", () => {
    const { headTimeoutMs, idleTimeoutMs, stallTimeoutMs } = defaultSettings;
    const head = given();
    head.stream.arrive("GET / HT");
    head.pass(headTimeoutMs - 1);
    expect(head.stream.written).toBe("");
    head.pass(1);
    expect(head.stream.written).toBe("<request-timeout>");
    const idle = given();
    idle.stream.arrive(get("/"));
    idle.at(0).respond("1");
    idle.pass(idleTimeoutMs - 1);
    expect(idle.stream.isDestroyed).toBe(false);
    idle.pass(1);
    expect([idle.stream.isDestroyed, idle.ended()]).toEqual([true, 1]);
    const body = given();
    body.stream.arrive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n");
    body.at(0).takeBody();
    body.pass(stallTimeoutMs);
    expect(body.at(0).heard).toContain("reject request-timeout");
  });

  test("54: waits for the response after a half-close, or not, as it is told", () => {
    const waiting = given();
    waiting.stream.arrive(get("/"));
    waiting.stream.handler.onEnd();
    waiting.pass(1e6);
    waiting.at(0).respond("1");
    expect([waiting.stream.written, waiting.at(0).heard]).toEqual(["<1>", ["flush"]]);
    const cut = given({ halfClose: "cut" });
    cut.stream.arrive(get("/"));
    cut.stream.handler.onEnd();
    cut.pass(1_000);
    expect([cut.stream.isDestroyed, cut.at(0).heard.at(-1)]).toEqual([true, "cancel"]);
  });

  test("answers all that stands before a half-close", () => {
    const { stream, at } = given();
    stream.arrive(get("/a") + get("/b"));
    stream.handler.onEnd();
    at(0).respond("1");
    at(1).respond("2");
    expect([stream.written, stream.isEnded]).toEqual(["<1><2>", true]);
    const half = given();
    half.stream.arrive(`${get("/a")}GET /b HT`);
    half.stream.handler.onEnd();
    half.at(0).respond("1");
    expect([half.stream.written, half.stream.isEnded]).toEqual(["<1>", true]);
  });

  test("cancels the request of a client that is gone", () => {
    const { stream, at, ended } = given();
    stream.arrive(get("/"));
    stream.handler.onError("ECONNRESET", "read");
    expect([at(0).heard.at(-1), ended()]).toEqual(["cancel", 1]);
  });

  test("reads no request of a client that takes no responses", () => {
    const { stream, at, requests } = given();
    stream.arrive(get("/a"));
    stream.isSaturated = true;
    at(0).respond("much");
    stream.arrive(get("/b"));
    expect([requests.length, stream.isPaused]).toEqual([1, true]);
    stream.isSaturated = false;
    stream.handler.onDrain();
    expect(requests.map(({ path }) => path)).toEqual(["/a", "/b"]);
  });

  test("takes a PROXY header first, where it is told to, and nothing else", () => {
    const spoken = given({ proxyProtocol: true });
    spoken.stream.arrive(`PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n${get("/")}`);
    expect([spoken.requests.length, spoken.connection.peer.address]).toEqual([1, "192.0.2.7"]);
    const silent = given({ proxyProtocol: true });
    silent.stream.arrive(get("/"));
    expect([silent.requests.length, silent.stream.written, silent.stream.isDestroyed]).toEqual([0, "", true]);
  });
});
