/** What waits at a host that goes down: behaviour 56. */
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { defaultCheck } from "../../../cluster/balancer/config/config.ts";
import { ask, type Balancer, closeOf, control, json, member, readEvents, startFor } from "../harness.ts";
import { type Got, ok, startEach } from "./raw.ts";

/** Checks fail by what the server does, not by a timeout, which a busy machine could miss. */
const check = { ...defaultCheck, intervalMs: 5, timeoutMs: 10_000 };
const byHeader = { key: { kind: "header", name: "x-key" } } as const;

/** A key that goes first to the host of this name. */
async function keyOf(balancer: Balancer, name: string): Promise<string> {
  for (let key = 0; ; key += 1) {
    const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${key}`));
    if (candidates[0] === name) return String(key);
  }
}

const startSteady = (): Promise<number> => startEach((socket, { path }) => socket.write(ok(`steady ${path}`)));

/** A server that responds to /kept at once, to /lost by hanging up, to its checks until it is cut off (then it hangs up), and to nothing else. */
async function startCutOff() {
  const state = { isCutOff: false };
  const waiting: { readonly socket: Socket; readonly got: Got }[] = [];
  const kept = new Set<Socket>();
  let onWaiting = (): void => {};
  const port = await startEach((socket, got) => {
    if (got.path === "/heartbeat") {
      if (state.isCutOff) socket.destroy();
      else socket.end(ok(""));
    } else if (got.path === "/lost") socket.destroy();
    else if (got.path === "/kept") {
      kept.add(socket);
      socket.write(ok("kept"));
    } else {
      waiting.push({ socket, got });
      onWaiting();
    }
  });
  /** Resolves when so many requests wait. */
  const arrived = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onWaiting = () => {
        if (waiting.length >= count) resolve();
      };
      onWaiting();
    });
  return { port, state, waiting, kept, arrived };
}

/** A balancer before a server that can be cut off and one that is well; `askStuck` asks the first. */
async function startBoth(more: Parameters<typeof startFor>[1] = {}) {
  const stuck = await startCutOff();
  const members = [member("stuck", stuck.port), member("steady", await startSteady())];
  const balancer = await startFor(members, { ...byHeader, check, ...more });
  const events = await readEvents(balancer);
  const headers = { "x-key": await keyOf(balancer, "stuck") };
  const askStuck = (path: string, method = "GET", body?: string) =>
    ask(balancer.port, { path, method, headers, ...(body === undefined ? {} : { body }) });
  return { balancer, stuck, events, askStuck };
}

/** What waits on gets a 504 long before the test gives up. */
const impatient = { responseTimeoutMs: 10_000 };

describe("56: when checks find a host down", () => {
  test.each(["GET", "HEAD", "OPTIONS", "PUT"])("each %s that waits for its response goes elsewhere", async (method) => {
    const { stuck, events, askStuck } = await startBoth(impatient);
    const body = method === "PUT" ? "whole" : undefined;
    const replies = ["/1", "/2", "/3", "/4"].map((path) => askStuck(path, method, body));
    await stuck.arrived(4);
    stuck.state.isCutOff = true;
    expect(await events.next("down")).toMatchObject({ server: "stuck" });
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(stuck.waiting).toHaveLength(4);
  });

  test("its connections are closed: the idle ones, and those of the requests that went elsewhere", async () => {
    const { stuck, events, askStuck } = await startBoth(impatient);
    await Promise.all([askStuck("/kept"), askStuck("/kept"), askStuck("/kept")]);
    const reply = askStuck("/1");
    await stuck.arrived(1);
    // One of the three is in use again.
    const all = [...stuck.kept, ...stuck.waiting.map(({ socket }) => socket)];
    stuck.state.isCutOff = true;
    await events.next("down");
    expect((await reply).body.toString()).toBe("steady /1");
    await Promise.all(all.map(closeOf));
  });

  test("a POST that waits is not sent again, and gets its response when that comes", async () => {
    const { stuck, events, askStuck } = await startBoth();
    const reply = askStuck("/post", "POST", "body");
    await stuck.arrived(1);
    stuck.state.isCutOff = true;
    await events.next("down");
    stuck.waiting[0]?.socket.write(ok("late"));
    expect((await reply).body.toString()).toBe("late");
    expect(stuck.waiting).toHaveLength(1);
  });

  test("a response that has begun goes on", async () => {
    const { stuck, events, askStuck } = await startBoth();
    const reply = askStuck("/begun");
    await stuck.arrived(1);
    const socket = stuck.waiting[0]?.socket;
    socket?.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    // The balancer has read it before the check that finds the host down.
    await askStuck("/kept");
    stuck.state.isCutOff = true;
    await events.next("down");
    socket?.write("more");
    expect((await reply).body.toString()).toBe("halfmore");
  });
});

test("56: when a host is ejected for its failures, what waits for its response goes elsewhere", async () => {
  const { stuck, askStuck } = await startBoth({ ...impatient, check: { ...check, kind: "off" }, ejectAfter: 2 });
  const replies = ["/1", "/2", "/3"].map((path) => askStuck(path));
  await stuck.arrived(3);
  for (let count = 0; count < 2; count += 1) expect((await askStuck("/lost", "POST", "x")).status).toBe(502);
  expect((await Promise.all(replies)).map(({ body }) => body.toString())).toEqual([
    "steady /1",
    "steady /2",
    "steady /3",
  ]);
});

test("56: what waits at a host that goes down waits on where there is no other", async () => {
  const stuck = await startCutOff();
  const balancer = await startFor([member("stuck", stuck.port)], { check });
  const events = await readEvents(balancer);
  const reply = ask(balancer.port, { path: "/1" });
  await stuck.arrived(1);
  stuck.state.isCutOff = true;
  await events.next("down");
  expect(stuck.waiting).toHaveLength(1);
  stuck.waiting[0]?.socket.write(ok("late"));
  expect([(await reply).body.toString(), stuck.waiting.length]).toEqual(["late", 1]);
});
