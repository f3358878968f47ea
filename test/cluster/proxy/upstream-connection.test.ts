import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newHost } from "../../../cluster/balancer/cluster/host.ts";
import { defaultSettings } from "../../../cluster/balancer/config/options.ts";
import { HeadReaders } from "../../../cluster/balancer/proxy/io/head-readers.ts";
import { UpstreamConnection } from "../../../cluster/balancer/proxy/upstream/connection.ts";
import { BodyReader, Framing } from "../../../src/http1/index.ts";
import { FakeHandler, FakeStream } from "./fakes.ts";

// The clock stands still but for `pass`: how busy the machine is changes nothing.
beforeEach(() => void vi.spyOn(performance, "now").mockReturnValue(1_000));
afterEach(() => void vi.restoreAllMocks());

/** A connection to a server, its other end, its clock, and what it tells its pool. */
function given() {
  const stream = new FakeStream();
  const clock = { now: performance.now() };
  const calls: string[] = [];
  const owner = {
    release: () => void calls.push("free"),
    remove: () => void calls.push("gone"),
    recordClose: (ms: number) => void calls.push(`closed ${ms < 1_000 ? "soon" : "late"}`),
    recordFirstResponse: () => {},
    recordBlocked: () => void calls.push("blocked"),
    recordUnsolicited: () => void calls.push("unsolicited"),
  };
  const host = newHost({ name: "a", weight: 1, address: "127.0.0.1:1" });
  const context = { settings: defaultSettings, clock, readers: new HeadReaders(defaultSettings) };
  const connection = new UpstreamConnection(context, owner, stream, host);
  const pass = (ms: number): void => {
    clock.now += ms;
    connection.sweep(clock.now);
  };
  return { connection, stream, calls, host, pass };
}

const response = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

/** A request with a body of `length` bytes, of which none has arrived. */
const upload = (length: number, more = {}): FakeHandler =>
  new FakeHandler("", {
    method: "POST",
    isWhole: false,
    isReplayable: false,
    opening: `POST / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`,
    ...more,
  });

/** Sends the next run of a body of a length. */
function sendBody(handler: FakeHandler, body: BodyReader, text: string): void {
  const bytes = Buffer.from(text);
  body.read(bytes, 0, bytes.length);
  handler.request.isWhole = body.done;
  handler.stream?.sendBody(bytes, body);
  handler.stream?.flush();
}

function bodyOf(length: number): BodyReader {
  const body = new BodyReader();
  body.begin(Framing.length, length);
  return body;
}

describe("a connection to a server", () => {
  test("sends a request in one write and tells of its response, in whatever pieces that comes", () => {
    const whole = `HTTP/1.1 103 Early Hints\r\n\r\n${response("hello")}`;
    for (let cut = 1; cut < whole.length; cut += 1) {
      const { connection, stream, calls } = given();
      const handler = new FakeHandler("one");
      connection.send([handler]);
      expect(stream.writes).toEqual(["GET /one HTTP/1.1\r\n\r\n"]);
      stream.arrive(whole.slice(0, cut));
      stream.arrive(whole.slice(cut));
      expect(handler.heard).toEqual(["informational 103", "start 200", "data hello", "end"]);
      expect(calls).toEqual(["free"]);
    }
  });

  test("is used again, unless the server says that it closes, or ends its response so", () => {
    for (const [text, end] of [
      [response("x"), "free"],
      [response("x", "Connection: close\r\n"), "gone"],
      ["HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "gone"],
      ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n", "free"],
    ] as const) {
      const { connection, stream, calls } = given();
      const handler = new FakeHandler("");
      connection.send([handler]);
      stream.arrive(text);
      expect([handler.heard.at(-2), calls.at(-1)]).toEqual(["data x", end]);
    }
    const { connection, stream, calls } = given();
    const handler = new FakeHandler("");
    connection.send([handler]);
    stream.arrive("HTTP/1.1 200 OK\r\n\r\nx");
    expect(handler.heard).toEqual(["start 200 close", "data x"]);
    stream.handler.onEnd();
    expect([handler.heard.at(-1), calls]).toEqual(["end", ["gone"]]);
  });

  test("48: gives pipelined requests their responses in order, and says which were not looked at", () => {
    const { connection, stream, calls } = given();
    const [a, b, c] = ["a", "b", "c"].map((name) => new FakeHandler(name)) as [FakeHandler, FakeHandler, FakeHandler];
    connection.send([a, b, c]);
    expect(stream.writes).toHaveLength(1);
    stream.arrive(response("1") + response("2", "Connection: close\r\n"));
    expect(a.heard).toEqual(["start 200", "data 1", "end"]);
    expect(b.heard).toEqual(["start 200 close", "data 2", "end"]);
    expect(c.failure).toEqual({ reason: "blocked", code: "EOF", wasSent: true });
    expect(calls).toEqual(["gone"]);
  });

  test("48: gives back what waits behind a response that does not come, and takes no more", () => {
    const { connection, stream, calls } = given();
    const [a, b] = [new FakeHandler("a"), new FakeHandler("b")];
    connection.send([a, b]);
    connection.releaseBlocked(performance.now() + 50, 100);
    expect(b.failure).toBeNull();
    connection.releaseBlocked(performance.now() + 200, 100);
    expect([a.failure, b.failure?.reason]).toEqual([null, "blocked"]);
    stream.arrive(response("late") + response("for b"));
    expect(a.heard.at(-1)).toBe("end");
    expect(calls).toEqual(["blocked", "gone"]);
  });

  test("51: tells a connection that was stale from a server that broke", () => {
    for (const [isUsed, text, reason] of [
      [false, "", "broken"],
      [true, "", "stale"],
      [true, "HTTP/1.1 2", "broken"],
      [true, "HTTP/1.1 100 Continue\r\n\r\n", "broken"],
    ] as const) {
      const { connection, stream } = given();
      if (isUsed) {
        connection.send([new FakeHandler("before")]);
        stream.arrive(response("x"));
      }
      const handler = new FakeHandler("");
      connection.send([handler]);
      if (text !== "") stream.arrive(text);
      stream.handler.onEnd();
      expect(handler.failure).toEqual({ reason, code: "EOF", wasSent: true });
    }
  });

  test("49: tells its pool of a server that closes without having said so", () => {
    const { connection, stream, calls } = given();
    connection.send([new FakeHandler("")]);
    stream.arrive(response("x"));
    stream.handler.onEnd();
    expect(calls).toEqual(["free", "closed soon", "gone"]);
  });

  test("ends with bytes that nobody asked for, before or right behind a response", () => {
    const idle = given();
    idle.stream.arrive("HTTP/1.1 200 OK\r\n\r\n");
    expect(idle.calls).toEqual(["unsolicited", "gone"]);
    const behind = given();
    const handler = new FakeHandler("");
    behind.connection.send([handler]);
    behind.stream.arrive(response("x") + response("for whom?"));
    expect(handler.heard).toEqual(["start 200", "data x", "end"]);
    expect(behind.calls).toEqual(["unsolicited", "gone"]);
  });

  test("reports what is no response, and a 101 that was not asked for", () => {
    for (const text of ["SSH-2.0-x\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"]) {
      const { connection, stream, calls } = given();
      const handler = new FakeHandler("");
      handler.isWanted = false;
      connection.send([handler]);
      stream.arrive(text);
      expect(handler.failure).toEqual({ reason: "bad-response", code: "EPROTO", wasSent: true });
      expect(calls).toEqual(["gone"]);
    }
  });

  test("gives its stream away with a 101, and what stands behind it", () => {
    const { connection, stream, calls } = given();
    const handler = new FakeHandler("");
    connection.send([handler]);
    stream.arrive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello");
    expect(handler.server?.rest?.toString()).toBe("hello");
    expect(calls).toEqual([]);
    handler.server?.release();
    expect(calls).toEqual(["gone"]);
  });

  test("waits for a response as long as the settings say, and for the rest of one as long as for a stall", () => {
    const { responseTimeoutMs, stallTimeoutMs } = defaultSettings;
    const none = given();
    const first = new FakeHandler("");
    none.connection.send([first]);
    none.pass(responseTimeoutMs - 1);
    expect(first.failure).toBeNull();
    none.pass(1);
    expect(first.failure).toMatchObject({ reason: "response-timeout", code: "TIMEOUT" });
    const half = given();
    const second = new FakeHandler("");
    half.connection.send([second]);
    half.stream.arrive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    half.pass(stallTimeoutMs);
    expect(second.failure).toMatchObject({ reason: "response-timeout", code: "TIMEOUT" });
  });

  test("does not hold a slow client against its server", () => {
    const { connection, stream, pass } = given();
    const handler = new FakeHandler("");
    handler.isClientReady = false;
    connection.send([handler]);
    stream.arrive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    expect(stream.isPaused).toBe(true);
    pass(1e9);
    expect(handler.failure).toBeNull();
    handler.stream?.resume();
    expect(stream.isPaused).toBe(false);
    pass(1e9);
    expect(handler.failure).not.toBeNull();
  });

  test("53: sends the body on when the response comes first, and is not used again", () => {
    const { connection, stream, calls } = given();
    const handler = upload(8);
    const body = bodyOf(8);
    connection.send([handler]);
    sendBody(handler, body, "half");
    stream.arrive(response("early"));
    expect(handler.heard).toEqual(["start 200", "data early", "end, takes body"]);
    sendBody(handler, body, "rest");
    expect(stream.written.endsWith("\r\n\r\nhalfrest")).toBe(true);
    expect([stream.isEnded, calls]).toEqual([true, []]);
    stream.handler.onEnd();
    stream.handler.onFinish();
    expect(calls).toEqual(["gone"]);
  });

  test("53: reads what a server sent before a write to it failed", () => {
    const { connection, stream, pass } = given();
    const handler = upload(8);
    connection.send([handler]);
    stream.handler.onError("EPIPE", "write");
    expect(handler.heard).toEqual(["drain"]);
    stream.arrive(response("too large", "Connection: close\r\n"));
    expect(handler.heard.slice(1)).toEqual(["start 200 close", "data too large", "end"]);
    expect(handler.failure).toBeNull();
    const silent = given();
    const other = upload(8);
    silent.connection.send([other]);
    silent.stream.handler.onError("EPIPE", "write");
    silent.pass(1_000);
    expect(other.failure).toMatchObject({ reason: "broken", code: "EPIPE" });
    pass(0);
  });

  test("56: lets go of what has no byte of a response and can be sent twice when the server is taken out", () => {
    for (const [isReplayable, text, isGiven] of [
      [true, "", true],
      [false, "", false],
      [true, "HTTP/1.1 200", false],
    ] as const) {
      const { connection, stream } = given();
      const handler = new FakeHandler("", { isReplayable });
      connection.send([handler]);
      if (text !== "") stream.arrive(text);
      connection.hostDown();
      expect(handler.failure?.reason).toBe(isGiven ? "host-down" : undefined);
    }
  });

  test("drops a response that is not wanted, and with its body the connection", () => {
    for (const [text, end] of [
      ["HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "free"],
      ["HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy", "gone"],
    ] as const) {
      const { connection, stream, calls } = given();
      const handler = new FakeHandler("");
      handler.isWanted = false;
      connection.send([handler]);
      stream.arrive(text);
      expect(handler.heard).toEqual([`start 503`, "dropped"]);
      expect(calls).toEqual([end]);
    }
  });

  test("ends when nobody waits for what it has been sent", () => {
    const { connection, calls, host } = given();
    const [a, b] = [new FakeHandler("a"), new FakeHandler("b")];
    connection.send([a, b]);
    a.request.isOver = true;
    connection.cancel(a);
    expect(calls).toEqual([]);
    b.request.isOver = true;
    connection.cancel(b);
    expect(calls).toEqual(["gone"]);
    expect([a.failure, b.failure, host.connections]).toEqual([null, null, 0]);
  });
});
