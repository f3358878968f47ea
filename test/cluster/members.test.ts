import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { createPlacement, hashes, parsePolicy } from "../../src/placement/index.ts";
import {
  ask,
  control,
  json,
  member,
  putServers,
  readEvents,
  servedBy,
  signal,
  startFor,
  startHttp,
  startRaw,
  startServers,
} from "./harness.ts";

const byUri = { key: { kind: "uri" } } as const;

describe("a new membership", () => {
  test("under load loses nothing, and in the end only members answer", async () => {
    const all = await startServers(5);
    const balancer = await startFor(all, { key: { kind: "request-id" } });
    const done = signal();
    let running = true;
    const replies: string[] = [];
    const worker = async (): Promise<void> => {
      while (running) {
        const reply = await ask(balancer.port, { method: "POST", body: "x" });
        replies.push(`${reply.status}`);
        if (replies.length > 300) done.resolve();
      }
    };
    const workers = Promise.all(Array.from({ length: 8 }, worker));
    for (const size of [2, 5, 1, 3, 5, 2]) expect((await putServers(balancer, all.slice(0, size))).status).toBe(200);
    await done.promise;
    running = false;
    await workers;
    expect(new Set(replies)).toEqual(new Set(["200"]));
    const after = await Promise.all(Array.from({ length: 40 }, () => ask(balancer.port)));
    expect(new Set(after.map(servedBy))).toEqual(new Set(["server-1", "server-2"]));
  });

  test("is answered when those who left have no request in flight", async () => {
    const arrived = signal();
    const release = signal();
    const port = await startHttp(async (_request, response) => {
      arrived.resolve();
      await release.promise;
      response.end("late");
    });
    const balancer = await startFor([member("slow", port)]);
    const slow = ask(balancer.port, { path: "/x" });
    await arrived.promise;
    const events = await readEvents(balancer);
    const order: string[] = [];
    const put = putServers(balancer, []).finally(() => order.push("put"));
    await events.next("removed");
    expect((await ask(balancer.port)).status).toBe(503);
    order.push("released");
    release.resolve();
    expect((await slow).body.toString()).toBe("late");
    expect(json(await put)).toMatchObject({ drained: true, stillInFlight: [] });
    expect(order).toEqual(["released", "put"]);
  });

  test("says who still has requests in flight when the wait is over", async () => {
    const arrived = signal();
    const port = await startHttp(() => arrived.resolve());
    const balancer = await startFor([member("stuck", port)], { drainMs: 10 });
    ask(balancer.port, { path: "/x" }).catch(() => {});
    await arrived.promise;
    const reply = json(await putServers(balancer, []));
    expect(reply).toMatchObject({ servers: [], drained: false, stillInFlight: [{ name: "stuck", inFlight: 1 }] });
  });

  test("keeps a server's counts by name, and moves to its new address", async () => {
    const [first, second] = await startServers(2);
    const balancer = await startFor([{ name: "a", weight: 1, address: first?.address ?? "" }]);
    expect(servedBy(await ask(balancer.port))).toBe("server-1");
    await putServers(balancer, [{ name: "a", weight: 3, address: second?.address ?? "" }]);
    expect(servedBy(await ask(balancer.port))).toBe("server-2");
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    expect(servers).toMatchObject([{ name: "a", weight: 3, address: second?.address, requests: 2 }]);
  });

  test("with other weights moves keys at once, loses nothing, and tells of each", async () => {
    const given = await startServers(2);
    const balancer = await startFor(given, byUri);
    const events = await readEvents(balancer);
    const owners = async (): Promise<string[]> => {
      const paths = Array.from({ length: 60 }, (_, at) => `/data/${at}`);
      return (await Promise.all(paths.map((path) => ask(balancer.port, { path })))).map(servedBy);
    };
    const before = await owners();
    const heavy = given.map((each, at) => ({ ...each, weight: at === 0 ? 20 : 1 }));
    expect(json(await putServers(balancer, heavy)).servers.map(({ weight }: { weight: number }) => weight)).toEqual([
      20, 1,
    ]);
    expect(await events.next("weight")).toEqual({ type: "weight", server: "server-1", weight: 20 });
    const after = await owners();
    const placement = createPlacement(parsePolicy("ring"), hashes.xxh64, heavy);
    expect(after).toEqual(after.map((_, at) => placement.members[placement.select(`/data/${at}`)]?.name));
    expect(after).not.toEqual(before);
  });

  test("tells who came and who went", async () => {
    const [first, second] = await startServers(2);
    const balancer = await startFor(first ? [first] : []);
    const events = await readEvents(balancer);
    await putServers(balancer, second ? [second] : []);
    expect(await events.next("removed")).toEqual({ type: "removed", server: "server-1" });
    expect(await events.next("added")).toEqual({ type: "added", server: "server-2" });
  });

  test.each([
    [[member("a", 1), member("a", 2)]],
    [[{ name: "a", weight: 1, address: "nowhere" }]],
    [[{ name: "a", weight: -1, address: "127.0.0.1:1" }]],
    [[{ name: "a", weight: 1 }]],
    [[{ name: "a", weight: 1, address: "127.0.0.1:0" }]],
    ["a=127.0.0.1:1"],
  ])("such as %j changes nothing", async (servers) => {
    const balancer = await startFor(await startServers(2));
    const before = json(await control(balancer, "GET", "/v1/servers"));
    const reply = await control(balancer, "PUT", "/v1/servers", { servers });
    expect([reply.status, json(reply).error.reason]).toEqual([400, "invalid"]);
    expect(json(await control(balancer, "GET", "/v1/servers"))).toEqual(before);
  });
});

describe("a new policy", () => {
  test("places keys at once, and is told", async () => {
    const balancer = await startFor(await startServers(3), byUri);
    const events = await readEvents(balancer);
    const reply = await control(balancer, "PUT", "/v1/policy", {
      policy: "ring:vnodes=7",
      hash: "xxh64",
      key: "header:X-User",
    });
    const asked = { policy: "ring:vnodes=7", hash: "xxh64", key: "header:X-User" };
    expect(json(reply)).toEqual(asked);
    expect(await events.next("policy")).toEqual({ type: "policy", ...asked });
    for (const user of ["alice", "bob", "carol", "dave"]) {
      const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${user}`));
      expect(servedBy(await ask(balancer.port, { headers: { "x-user": user } }))).toBe(candidates[0]);
    }
  });

  test.each([
    { policy: "rung" },
    { policy: "ring", hash: "md6" },
    { policy: "ring:vnodes=0" },
    { policy: "ring", key: "moon" },
    {},
  ])("such as %j changes nothing", async (body) => {
    const balancer = await startFor([]);
    expect((await control(balancer, "PUT", "/v1/policy", body)).status).toBe(400);
    expect(json(await control(balancer, "GET", "/v1/servers")).policy).toBe("ring");
  });
});

describe("a draining server", () => {
  test("is given nothing new until it is ready again", async () => {
    const balancer = await startFor(await startServers(2), byUri);
    const events = await readEvents(balancer);
    const served = async (): Promise<Set<string>> => {
      const paths = Array.from({ length: 30 }, (_, index) => `/data/${index}`);
      return new Set((await Promise.all(paths.map((path) => ask(balancer.port, { path })))).map(servedBy));
    };
    const drained = await control(balancer, "POST", "/v1/servers/server-1/drain");
    expect(json(drained)).toMatchObject({ name: "server-1", state: "draining" });
    expect(await events.next("draining")).toEqual({ type: "draining", server: "server-1" });
    expect(await served()).toEqual(new Set(["server-2"]));
    await control(balancer, "POST", "/v1/servers/server-1/ready");
    await events.next("ready");
    expect(await served()).toEqual(new Set(["server-1", "server-2"]));
    expect((await control(balancer, "POST", "/v1/servers/nobody/drain")).status).toBe(404);
  });

  test("stays one when its address changes", async () => {
    const balancer = await startFor([member("a", 1)]);
    await control(balancer, "POST", "/v1/servers/a/drain");
    const { servers } = json(await putServers(balancer, [member("a", 2)]));
    expect(servers).toMatchObject([{ address: "127.0.0.1:2", state: "draining" }]);
  });
});

describe("a policy that numbers servers in the order given", () => {
  test("finds that order again after one that sorts them by name", async () => {
    const given = (await startServers(3)).toReversed();
    const balancer = await startFor(given, byUri);
    await control(balancer, "PUT", "/v1/policy", { policy: "haproxy" });
    const expected = createPlacement(parsePolicy("haproxy"), hashes.xxh64, given);
    for (const key of ["/a", "/b", "/c", "/d", "/e"]) {
      const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=${key}`));
      expect(candidates).toEqual(expected.candidates(key).map((index) => expected.members[index]?.name));
    }
  });
});

test("a request that is on its way as its server leaves is waited for no longer than any other", async () => {
  const startHalf = () =>
    startRaw((socket) =>
      socket.on("data", (bytes) => {
        if (bytes.includes("/warm")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }),
    );
  const ports = [await startHalf(), await startHalf()];
  const balancer = await startFor([member("a", ports[0] ?? 0)], { responseTimeoutMs: 40, drainMs: 0 });
  let round = 0;
  // What rings it comes in the same turn of the event loop as the request.
  const bell = await startRaw((socket) =>
    socket.on("data", () => void balancer.replaceServers([member("a", ports[round % 2] ?? 0)])),
  );
  const rope = connect({ host: "127.0.0.1", port: bell });
  await once(rope, "connect");
  for (round = 1; round <= 20; round += 1) {
    const client = connect({ host: "127.0.0.1", port: balancer.port }).setEncoding("latin1");
    client.write("GET /warm HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(client, "data");
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    rope.write("x");
    expect(String(await once(client, "data"))).toMatch(/^HTTP\/1.1 504 /);
    client.destroy();
  }
  rope.destroy();
});
