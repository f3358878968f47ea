import { describe, expect, test } from "vitest";
import { BUFFER_SIZE, giveBuffer, takeBuffer } from "../../../cluster/balancer/proxy/io/buffers.ts";
import { Input } from "../../../cluster/balancer/proxy/io/input.ts";
import { LingeringClose } from "../../../cluster/balancer/proxy/io/lingering-close.ts";
import { Output } from "../../../cluster/balancer/proxy/io/output.ts";
import { StallWatch } from "../../../cluster/balancer/proxy/io/stall-watch.ts";
import { FakeStream } from "./fakes.ts";

describe("buffers", () => {
  test("are used again, and those that are larger are not kept", () => {
    const first = takeBuffer(10);
    expect(first.length).toBe(BUFFER_SIZE);
    giveBuffer(first);
    expect(takeBuffer(BUFFER_SIZE)).toBe(first);
    const large = takeBuffer(BUFFER_SIZE + 1);
    expect(large.length).toBe(BUFFER_SIZE + 1);
    giveBuffer(large);
    expect(takeBuffer(1)).not.toBe(large);
  });

  test("are no more than a few when all come back", () => {
    const many = Array.from({ length: 200 }, () => takeBuffer(1));
    for (const buffer of many) giveBuffer(buffer);
    const again = new Set(Array.from({ length: 200 }, () => takeBuffer(1)));
    expect(many.filter((buffer) => again.has(buffer))).toHaveLength(64);
  });
});

describe("output", () => {
  test("is one write for all that was added, in its order", () => {
    const stream = new FakeStream();
    const output = new Output(stream);
    output.add("head ");
    output.addData(Buffer.from("..data.."), 2, 6);
    output.add(" tail");
    expect([output.flush(), stream.writes]).toEqual([true, ["head data tail"]]);
    expect([output.flush(), stream.writes.length]).toEqual([true, 1]);
  });

  test("keeps its order where data is large, whatever its bytes", () => {
    const stream = new FakeStream();
    const output = new Output(stream);
    const data = Buffer.from(Array.from({ length: 150_000 }, (_, at) => at & 0xff));
    const wanted = `head ${data.toString("latin1")} middle ${data.toString("latin1", 0, 60_000)} tail`;
    output.add("head ");
    for (let at = 0; at < data.length; at += 50_000) output.addData(data, at, at + 50_000);
    output.add(" middle ");
    output.addData(data, 0, 60_000);
    output.add(" tail");
    output.flush();
    expect(stream.written === wanted).toBe(true);
    expect(stream.writes.length).toBeLessThan(6);
  });

  test("says when its peer should be waited for", () => {
    const stream = new FakeStream();
    stream.isSaturated = true;
    const output = new Output(stream);
    output.add("x");
    expect(output.flush()).toBe(false);
  });
});

describe("input", () => {
  /** Takes whole lines. */
  function lines(stream: FakeStream) {
    const taken: string[] = [];
    const input: Input = new Input(stream, (bytes, at) => {
      const end = bytes.indexOf("\n", at);
      if (end < 0) return input.hold(bytes, at);
      taken.push(bytes.toString("latin1", at, end));
      if (taken.at(-1) === "stop") stream.destroy();
      return end + 1;
    });
    return { input, taken };
  }

  test("holds what is not whole, in a copy of its own", () => {
    const { input, taken } = lines(new FakeStream());
    const chunk = Buffer.from("one\ntw");
    input.read(chunk);
    chunk.fill("*");
    expect([taken, input.held?.toString()]).toEqual([["one"], "tw"]);
    input.read(Buffer.from("o\nthree\n"));
    expect([taken, input.held]).toEqual([["one", "two", "three"], null]);
  });

  test("ends with its stream", () => {
    const { input, taken } = lines(new FakeStream());
    input.read(Buffer.from("one\nstop\ntwo\n"));
    expect(taken).toEqual(["one", "stop"]);
  });

  test("pauses its stream once, and goes on with what is held when it is asked to", () => {
    const stream = new FakeStream();
    const { input, taken } = lines(stream);
    input.pause();
    expect([stream.isPaused, input.isPaused]).toEqual([true, true]);
    input.held = Buffer.from("late\n");
    input.resume();
    input.readHeld();
    expect([stream.isPaused, taken]).toEqual([false, ["late"]]);
  });
});

describe("a lingering close", () => {
  const start = (isEnded = false) => {
    const stream = new FakeStream();
    let closed = 0;
    const close = new LingeringClose(stream, {
      deadline: 5_000,
      stallTimeoutMs: 60_000,
      isEnded,
      onClosed: () => (closed += 1),
    });
    return { stream, close, closed: () => closed };
  };

  test("ends when both sides have", () => {
    const { stream, closed } = start();
    expect(stream.isEnded).toBe(true);
    stream.handler.onFinish();
    expect(stream.isDestroyed).toBe(false);
    stream.handler.onEnd();
    expect([stream.isDestroyed, closed()]).toEqual([true, 1]);
    const other = start(true);
    other.stream.handler.onFinish();
    expect(other.closed()).toBe(1);
  });

  test("waits so long, longer while the peer takes what is pending, and drops so much", () => {
    const { close, stream, closed } = start();
    close.sweep(4_999);
    expect(closed()).toBe(0);
    stream.pendingBytes = 1;
    close.sweep(5_000);
    expect(closed()).toBe(0);
    stream.pendingBytes = 0;
    close.sweep(5_001);
    expect(closed()).toBe(1);
    const flooded = start();
    const mebibyte = Buffer.alloc(1 << 20);
    for (let count = 0; count <= 64; count += 1) flooded.stream.handler.onData(mebibyte);
    expect(flooded.closed()).toBe(1);
  });
});

test("a stream is stalled when something has been pending for so long and none of it was taken", () => {
  const watch = new StallWatch();
  const stream = new FakeStream();
  stream.bytesWritten = 100;
  stream.pendingBytes = 50;
  expect(watch.isStalled(stream, 1_000, 500)).toBe(false);
  expect(watch.isStalled(stream, 1_499, 500)).toBe(false);
  stream.pendingBytes = 49;
  expect(watch.isStalled(stream, 1_600, 500)).toBe(false);
  expect(watch.isStalled(stream, 2_099, 500)).toBe(false);
  expect(watch.isStalled(stream, 2_100, 500)).toBe(true);
});
