import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { IdleConnections } from "../../../cluster/balancer/proxy/upstream/idle-connections.ts";
import { PendingQueue } from "../../../cluster/balancer/proxy/upstream/pending-queue.ts";
import { Pipelining } from "../../../cluster/balancer/proxy/upstream/pipelining.ts";
import { ResponseDeadline } from "../../../cluster/balancer/proxy/upstream/response-deadline.ts";
import { Reuse } from "../../../cluster/balancer/proxy/upstream/reuse.ts";
import { failAll, SentRequests } from "../../../cluster/balancer/proxy/upstream/sent-requests.ts";
import { FakeHandler } from "./fakes.ts";

const handlers = (count: number): FakeHandler[] => Array.from({ length: count }, (_, at) => new FakeHandler(`${at}`));

describe("48: pipelining", () => {
  const waiting = (...isPipelinable: boolean[]) =>
    isPipelinable.map((each) => ({ handler: new FakeHandler("", { isPipelinable: each }) }));

  test("is off at a depth of 1", () => {
    const off = new Pipelining(1);
    expect(off.allows(new FakeHandler("").request)).toBe(false);
    expect([off.batchLength(waiting(true, true)), off.batchLength([])]).toEqual([1, 0]);
  });

  test("puts so many together, and nothing before or behind what may not be", () => {
    const pipelining = new Pipelining(3);
    expect(pipelining.batchLength(waiting(true, true, true, true))).toBe(3);
    expect(pipelining.batchLength(waiting(true, true, false, true))).toBe(2);
    expect(pipelining.batchLength(waiting(false, true))).toBe(1);
  });

  test("never puts two together of which one may not be, and takes at least one", () => {
    const queue = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), queue, (depth, isPipelinable) => {
        const length = new Pipelining(depth).batchLength(waiting(...isPipelinable));
        expect(length).toBeGreaterThanOrEqual(1);
        expect(length).toBeLessThanOrEqual(depth);
        if (length > 1) expect(isPipelinable.slice(0, length)).not.toContain(false);
      }),
    );
  });

  test("stops for good at a server that was caught once", () => {
    const pipelining = new Pipelining(8);
    pipelining.stop();
    expect(pipelining.allows(new FakeHandler("").request)).toBe(false);
    expect(pipelining.batchLength(waiting(true, true))).toBe(1);
  });

  test("waits four times as long as a first response takes, and 100 ms at least", () => {
    const pipelining = new Pipelining(8);
    expect(pipelining.timeoutMs).toBe(100);
    for (let times = 0; times < 200; times += 1) pipelining.recordFirstResponse(500);
    expect(pipelining.timeoutMs).toBeCloseTo(2_000, 0);
  });
});

describe("49: reuse", () => {
  test("ends for a minute at a server that closes right behind its response", () => {
    const reuse = new Reuse();
    expect([reuse.isAllowed(0), reuse.recordClose(1, 0)]).toEqual([true, true]);
    expect([reuse.isAllowed(59_999), reuse.isAllowed(60_000)]).toEqual([false, true]);
  });

  test("goes on at one whose connections grow old", () => {
    const reuse = new Reuse();
    expect(reuse.recordClose(40, 0)).toBe(false);
    expect(reuse.isAllowed(0)).toBe(true);
  });
});

describe("idle connections", () => {
  test("49: are ready when one more poll phase has found nothing on them", () => {
    const idle = new IdleConnections<string>();
    idle.add("a");
    expect([idle.take(), idle.cooling, idle.isAnyReady]).toEqual([undefined, 1, false]);
    expect([idle.turn(), idle.isAnyReady]).toEqual([true, false]);
    expect([idle.turn(), idle.isAnyReady, idle.take()]).toEqual([false, true, "a"]);
  });

  test("50: leave at once, wherever they are", () => {
    const idle = new IdleConnections<string>();
    for (const name of ["a", "b", "c"]) {
      idle.add(name);
      idle.turn();
    }
    expect(["a", "b", "c", "d"].map((name) => idle.remove(name))).toEqual([true, true, true, false]);
    expect([idle.size, idle.turn(), idle.take()]).toEqual([0, false, undefined]);
  });

  test("are taken from the last, so that the others can end", () => {
    const idle = new IdleConnections<string>();
    for (const name of ["a", "b"]) idle.add(name);
    idle.turn();
    idle.turn();
    expect([idle.take(), idle.take()]).toEqual(["b", "a"]);
    idle.add("c");
    expect([idle.clear(), idle.size]).toEqual([["c"], 0]);
  });
});

describe("requests that wait for a connection", () => {
  test("go in order, and those that nobody waits for go nowhere", () => {
    const queue = new PendingQueue();
    const [a, b, c, d] = handlers(4) as [FakeHandler, FakeHandler, FakeHandler, FakeHandler];
    for (const handler of [a, b, c, d]) queue.push(handler, 0);
    b.request.isOver = true;
    queue.prune();
    expect(queue.length).toBe(3);
    expect(queue.takeBatch(new Pipelining(1))).toEqual([a]);
    expect(queue.takeBehind(1)).toBe(d);
    expect(queue.takeBehind(1)).toBeUndefined();
    expect(queue.take()).toEqual([c]);
    expect(queue.length).toBe(0);
  });

  test("37: are late after so long", () => {
    const queue = new PendingQueue();
    const [a, b] = handlers(2) as [FakeHandler, FakeHandler];
    queue.push(a, 0);
    queue.push(b, 50);
    expect(queue.takeLate(99, 100)).toEqual([]);
    expect(queue.takeLate(100, 100)).toEqual([a]);
    expect(queue.takeLate(1_000, 100)).toEqual([b]);
  });
});

describe("requests that were sent", () => {
  test("have a first one, until each is answered", () => {
    const sent = new SentRequests();
    const [a, b] = handlers(2) as [FakeHandler, FakeHandler];
    sent.begin([a, b]);
    expect([sent.first, sent.isPipelined, sent.isReplayable]).toEqual([a, true, true]);
    expect(sent.shift(performance.now())).not.toBeNull();
    expect(sent.first).toBe(b);
    // What comes with the first says nothing of how long a server takes.
    expect(sent.shift(performance.now())).toBeNull();
    expect([sent.first, sent.length, sent.isPipelined]).toEqual([undefined, 0, false]);
  });

  test("48: are blocked behind another, or as the next after one, from when it was their turn", () => {
    const sent = new SentRequests();
    const [a, b, c] = handlers(3) as [FakeHandler, FakeHandler, FakeHandler];
    const began = 1_000;
    vi.spyOn(performance, "now").mockReturnValueOnce(began);
    sent.begin([a, b, c]);
    expect(sent.takeBlocked(began + 50, 100, false)).toEqual([]);
    sent.shift(began + 60);
    // Both have waited behind another one by now; the first of them has begun to be answered.
    expect(sent.takeBlocked(began + 120, 100, true)).toEqual([c]);
    expect(sent.takeBlocked(began + 159, 100, false)).toEqual([]);
    expect(sent.takeBlocked(began + 160, 100, false)).toEqual([b]);
  });

  test("fail together, but for those that nobody waits for", () => {
    const [a, b] = handlers(2) as [FakeHandler, FakeHandler];
    b.request.isOver = true;
    failAll([a, b], "blocked", "EOF");
    expect([a.failure, b.failure]).toEqual([{ reason: "blocked", code: "EOF", wasSent: true }, null]);
  });
});

test("a response has its time from when it is waited for, and a connection none while its client is", () => {
  const clock = { now: 0 };
  const deadline = new ResponseDeadline(clock, { responseTimeoutMs: 30_000, stallTimeoutMs: 10_000 });
  const limit = (): number => [1_000, 4_000, 10_000, 30_000, 1e12].find((now) => deadline.isPast(now)) ?? 0;
  expect(limit()).toBe(0);
  deadline.expectResponse();
  expect(limit()).toBe(30_000);
  deadline.expectMore();
  expect(limit()).toBe(10_000);
  deadline.expectRequest();
  expect(limit()).toBe(4_000);
  deadline.expectRest();
  expect(limit()).toBe(1_000);
  deadline.clear();
  expect(limit()).toBe(0);
});
