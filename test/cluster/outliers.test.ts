import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { newHost } from "../../cluster/balancer/cluster/host.ts";
import { OutlierDetection } from "../../cluster/balancer/cluster/outlier-detection.ts";
import { defaultSettings } from "../../cluster/balancer/config/options.ts";
import {
  ask,
  type Balancer,
  control,
  deadPort,
  json,
  member,
  readEvents,
  servedBy,
  startFor,
  startOne,
  startRaw,
  startScripted,
} from "./harness.ts";

const byHeader = { key: { kind: "header", name: "x-key" } } as const;

/** A server that hangs up on every request. */
const startRude = (): Promise<number> => startRaw((socket) => socket.on("data", () => socket.destroy()));

/** A key that goes first to the server called `name`. */
async function keyOf(balancer: Balancer, name: string): Promise<string> {
  for (let key = 0; ; key += 1) {
    const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${key}`));
    if (candidates[0] === name) return String(key);
  }
}

/** Sends requests that go first to the server called `name`, which are not made again elsewhere; returns their statuses. */
async function post(balancer: Balancer, name: string, count: number): Promise<number[]> {
  const own = await keyOf(balancer, name);
  const statuses: number[] = [];
  for (let at = 0; at < count; at += 1)
    statuses.push((await ask(balancer.port, { method: "POST", headers: { "x-key": own }, body: "x" })).status);
  return statuses;
}

const shown = async (balancer: Balancer) => json(await control(balancer, "GET", "/v1/servers")).servers;

test("32: an ejection is thirty seconds times how many there were, three hundred at most, till a server behaves", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const server = newHost(member("a", 1));
  const seconds: number[] = [];
  const outliers = new OutlierDetection(defaultSettings, {
    mayEject: () => true,
    ejected: (host, _, forMs) => {
      host.ejected = true;
      seconds.push(forMs / 1_000);
    },
    unejected: (host) => {
      host.ejected = false;
    },
  });
  const failFive = (): void => {
    for (let at = 0; at < 5; at += 1) outliers.recordFailure(server, "ECONNRESET", performance.now());
  };
  for (let ejection = 1; ejection <= 12; ejection += 1) {
    failFive();
    vi.advanceTimersByTime(Math.min(ejection * 30_000, 300_000) - 1);
    expect(server.ejected).toBe(true);
    vi.advanceTimersByTime(1);
    expect(server.ejected).toBe(false);
  }
  expect(seconds).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  vi.advanceTimersByTime(300_001);
  failFive();
  expect(seconds.at(-1)).toBe(30);
});

describe("32: a server that fails five requests in a row", () => {
  test("is down for a while, though it passes its checks", async () => {
    const steady = await startOne("steady");
    const members = [member("rude", await startRude()), member("steady", steady.port)];
    const balancer = await startFor(members, { ...byHeader, ejectionMs: 300 });
    const events = await readEvents(balancer);
    expect(await post(balancer, "rude", 6)).toEqual([502, 502, 502, 502, 502, 200]);
    expect(await events.next("down")).toMatchObject({
      server: "rude",
      reason: expect.stringMatching(/^5 requests in a row failed/),
    });
    expect(await events.next("up")).toEqual({ type: "up", server: "rude" });
    expect((await post(balancer, "rude", 1))[0]).toBe(502);
  });

  test.each([
    [{ ejectAfter: 2 }, [502, 502, 200]],
    [{ ejectAfter: 0 }, [502, 502, 502, 502, 502, 502, 502]],
    [{ ejectPercent: 49 }, [502, 502, 502, 502, 502, 502, 502]],
  ])("or as many as %j says", async (settings, statuses) => {
    const steady = await startOne("steady");
    const members = [member("rude", await startRude()), member("steady", steady.port)];
    const balancer = await startFor(members, { ...byHeader, ...settings });
    expect(await post(balancer, "rude", statuses.length)).toEqual(statuses);
  });

  test.each([
    ["refuses connections", deadPort],
    ["answers what is no HTTP", () => startScripted("nonsense\r\n\r\n")],
    ["breaks its answers off", () => startScripted("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", (s) => s.end())],
  ])("because it %s is down, too", async (_, start) => {
    const steady = await startOne("steady");
    const members = [member("bad", await start()), member("steady", steady.port)];
    const balancer = await startFor(members, byHeader);
    const headers = { "x-key": await keyOf(balancer, "bad") };
    for (let at = 0; at < 5; at += 1) await ask(balancer.port, { headers }).catch(() => {});
    expect((await shown(balancer))[0]).toMatchObject({ name: "bad", requests: 5, failures: 5, state: "down" });
    expect(servedBy(await ask(balancer.port, { headers }))).toBe("steady");
  });

  test("stays when half of the servers are down already", async () => {
    const members = [member("a", await startRude()), member("b", await startRude()), member("c", 1)];
    const balancer = await startFor(members, byHeader);
    await post(balancer, "a", 5);
    await post(balancer, "b", 6);
    const states = (await shown(balancer)).map(({ state }: { state: string }) => state);
    expect(states).toEqual(["down", "up", "up"]);
  });

  test("in one event has lost but one", async () => {
    const sockets: Socket[] = [];
    const crashing = await startRaw((socket) =>
      socket.on("data", () => {
        sockets.push(socket);
        if (sockets.length === 8) for (const each of sockets) each.destroy();
      }),
    );
    const steady = await startOne("steady");
    const balancer = await startFor([member("crashing", crashing), member("steady", steady.port)], byHeader);
    await Promise.all(Array.from({ length: 8 }, () => post(balancer, "crashing", 1)));
    expect((await shown(balancer))[0]).toMatchObject({ name: "crashing", failures: 8, state: "up" });
  });

  test("with an answer between them has not", async () => {
    let asked = 0;
    const moody = await startRaw((socket) =>
      socket.on("data", () => {
        asked += 1;
        if (asked % 5 === 0) socket.end("HTTP/1.1 200 OK\r\nX-Served-By: moody\r\nContent-Length: 0\r\n\r\n");
        else socket.destroy();
      }),
    );
    const steady = await startOne("steady");
    const balancer = await startFor([member("moody", moody), member("steady", steady.port)], byHeader);
    const bad = [502, 502, 502, 502];
    expect(await post(balancer, "moody", 10)).toEqual([...bad, 200, ...bad, 200]);
    expect((await shown(balancer))[0]).toMatchObject({ name: "moody", failures: 8, state: "up" });
  });

  test("by answering none of them in time is down too", async () => {
    const mute = await startRaw(() => {});
    const steady = await startOne("steady");
    const members = [member("mute", mute), member("steady", steady.port)];
    const balancer = await startFor(members, { ...byHeader, responseTimeoutMs: 1000 });
    // All at once: each of them counts, unlike connections that break together.
    await Promise.all(Array.from({ length: 5 }, () => post(balancer, "mute", 1)));
    const headers = { "x-key": "any" };
    expect((await shown(balancer))[0]).toMatchObject({ name: "mute", failures: 5, state: "down" });
    expect(servedBy(await ask(balancer.port, { headers }))).toBe("steady");
  });
});
