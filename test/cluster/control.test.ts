import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import {
  anywhere,
  ask,
  control,
  exchange,
  json,
  member,
  pollTimeout,
  readEvents,
  startFor,
  startServers,
  token,
} from "./harness.ts";

describe("41: the control port", () => {
  test.each([
    [{ authorization: "" }, 401],
    [{ authorization: "Bearer wrong" }, 401],
    [{ authorization: token }, 401],
    [{ host: "evil.example" }, 403],
    [{ host: "evil.example:4999" }, 403],
    [{ host: "127.0.0.1.evil.example" }, 403],
    [{ host: "10.0.0.1" }, 403],
    [{ origin: "http://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ host: "localhost:4999" }, 200],
    [{ host: "[::1]:4999" }, 200],
    [{ host: "127.0.0.2", "sec-fetch-site": "none" }, 200],
  ])("with %j answers %i", async (headers, status) => {
    const balancer = await startFor([]);
    const reply = await control(balancer, "GET", "/v1/servers", undefined, headers);
    expect(reply.status).toBe(status);
    if (status !== 200) expect(json(reply).error.message).toMatch(/\.$/);
  });

  test("that is exposed takes any address for Host, and still no name", async () => {
    const balancer = await startFor([], { control: { host: "0.0.0.0", port: 0 }, controlExposed: true });
    const statuses = ["172.17.0.2:4999", "[2001:db8::1]", "evil.example"].map(async (host) => {
      return (await control(balancer, "GET", "/v1/servers", undefined, { host })).status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 200, 403]);
  });

  test.each([
    ["GET", "/nowhere", undefined, 404],
    ["DELETE", "/v1/servers", undefined, 405],
    ["GET", "/v1/placement", undefined, 400],
    ["POST", "/v1/servers/%zz/drain", undefined, 400],
    ["PUT", "/v1/servers", "{", 400],
    ["PUT", "/v1/servers", { servers: [], more: 1 }, 400],
    ["PUT", "/v1/servers", undefined, 400],
    ["PUT", "/v1/servers", `"${"x".repeat(1024 * 1024)}"`, 413],
    ["POST", "/v1/wanted/x", { ok: false }, 400],
    ["POST", "/v1/wanted/x", { ok: true }, 404],
  ])("answers %s %s with a sentence", async (method, path, body, status) => {
    const reply = await control(await startFor([]), method, path, body);
    expect([reply.status, typeof json(reply).error.reason]).toEqual([status, "string"]);
    expect(json(reply).error.message).not.toMatch(/\n|\.ts/);
  });

  test("lives through garbage and clients that leave, and takes neither for a defect", async () => {
    const logged: unknown[] = [];
    const balancer = await startFor([], {}, (event) => logged.push(event));
    expect(await exchange(balancer.controlPort, "nonsense\r\n\r\n")).toContain(" 400 ");
    await new Promise<void>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port: balancer.controlPort }, () => {
        const head = `PUT /v1/servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}`;
        socket.write(`${head}\r\nContent-Length: 100\r\n\r\n{`, () => socket.destroy());
      });
      socket.on("close", () => resolve());
    });
    expect((await control(balancer, "GET", "/v1/servers")).status).toBe(200);
    // By then the last of what clients did is known.
    await balancer.close();
    expect(logged).toEqual([]);
  });

  test("shows the servers and how keys are placed", async () => {
    const members = await startServers(2);
    const balancer = await startFor(members, { key: { kind: "cookie", name: "sid" } });
    for (let count = 0; count < 5; count += 1) await ask(balancer.port);
    const shown = json(await control(balancer, "GET", "/v1/servers"));
    const still = { weight: 1, state: "up", failures: 0, retries: 0, inFlight: 0, lastError: null };
    expect(shown).toMatchObject({
      servers: members.map(({ name, address }) => ({ name, address, ...still })),
      policy: "ring",
      hash: "xxh64",
      key: "cookie:sid",
      connections: { client: expect.any(Number) },
    });
    expect(shown.servers[0].requests + shown.servers[1].requests).toBe(5);
  });

  test("tells the log of every change", async () => {
    const logged: unknown[] = [];
    const balancer = await startFor(await startServers(1), {}, (event) => logged.push(event));
    await control(balancer, "POST", "/v1/servers/server-1/drain");
    await control(balancer, "PUT", "/v1/servers", { servers: [] });
    expect(logged).toEqual([
      { type: "draining", server: "server-1" },
      { type: "removed", server: "server-1" },
    ]);
  });
});

describe("/metrics", () => {
  test("counts answers, retries and failures in Prometheus text", async () => {
    const [server] = await startServers(1);
    const balancer = await startFor(server ? [server] : []);
    await ask(balancer.port);
    await ask(balancer.port, { path: "/nowhere" });
    await ask(balancer.port, { method: "TRACE" });
    const reply = await control(balancer, "GET", "/metrics");
    expect(reply.headers["content-type"]).toMatch(/^text\/plain/);
    const lines = reply.body.toString().split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        'lbctl_requests_total{server="server-1",code="200"} 1',
        'lbctl_requests_total{server="server-1",code="404"} 1',
        'lbctl_requests_total{server="",code="405"} 1',
        'lbctl_retries_total{server="server-1"} 0',
        'lbctl_upstream_failures_total{server="server-1"} 0',
        'lbctl_server_up{server="server-1"} 1',
        'lbctl_in_flight{server="server-1"} 0',
        "lbctl_request_duration_seconds_count 3",
      ]),
    );
    const again = (await control(balancer, "GET", "/metrics")).body.toString();
    expect(again).toContain('lbctl_requests_total{server="server-1",code="200"} 1\n');
  });
});

describe("the classroom protocol", () => {
  const failure = (message: string): object => ({ message: `<Error> ${message}`, status: "failure" });

  test("lists the replicas", async () => {
    const reply = await control(await startFor([member("server-1", 1), member("S5", 2)]), "GET", "/rep");
    expect(json(reply)).toEqual({ message: { N: 2, replicas: ["S5", "Server 1"] }, status: "successful" });
  });

  test("without a supervisor can add and remove nothing", async () => {
    const reply = await control(await startFor([]), "POST", "/add", { n: 1 });
    expect([reply.status, json(reply).status]).toEqual([409, "failure"]);
  });

  test.each([
    ["POST", "/add", { n: 1, hostnames: ["A", "B"] }, "Length of hostname list is more than newly added instances"],
    ["DELETE", "/rm", { n: 1, hostnames: ["A", "B"] }, "Length of hostname list is more than removable instances"],
    ["POST", "/add", { n: 0 }, "n: n must be more than 0"],
    ["POST", "/add", { n: 1001 }, "n: n must be at most 1000"],
    ["POST", "/add", { n: 1.5 }, "n: n must be a whole number"],
    ["POST", "/add", {}, "n: n must be a whole number"],
    ["POST", "/add", { n: 2, hostnames: ["A", "A"] }, "hostnames: a hostname is given twice"],
    ["POST", "/add", { n: 1, hostnames: ["Server 1"] }, "'Server 1' is there already"],
    ["POST", "/add", { n: 1, hostnames: ["server-1"] }, "'server-1' is there already"],
    ["POST", "/add", "{", "The body is not JSON."],
    ["DELETE", "/rm", { n: 3 }, "n is 3, but there are 2 replicas"],
    ["DELETE", "/rm", { n: 1, hostnames: ["S9"] }, "'S9' is not among the replicas"],
  ])("refuses %s %s %j", async (method, path, body, message) => {
    const balancer = await startFor([member("server-1", 1), member("S5", 2)]);
    const reply = await control(balancer, method, path, body);
    expect([reply.status, json(reply)]).toEqual([400, failure(message)]);
  });

  test("asks the supervisor, and answers when it has done its work", async () => {
    const balancer = await startFor([]);
    const watcher = await readEvents(balancer);
    const supervisor = await readEvents(balancer, "/v1/events?provision=1");
    const added = control(balancer, "POST", "/add", { n: 2, hostnames: ["S5"] });
    const wish = await supervisor.next("scale-request");
    expect(wish).toMatchObject({ action: "add", n: 2, hostnames: ["S5"] });
    await control(balancer, "PUT", "/v1/servers", { servers: [member("S5", 1), member("server-9", 2)] });
    expect((await control(balancer, "POST", `/v1/wanted/${wish.id}`, { ok: true })).status).toBe(200);
    expect(json(await added)).toEqual({ message: { N: 2, replicas: ["S5", "Server 9"] }, status: "successful" });
    // Wishes are the supervisor's alone: the next thing that a watcher hears of is the membership.
    expect(await watcher.next("added")).toEqual({ type: "added", server: "S5" });
  });

  test("passes on what the supervisor could not do", async () => {
    const balancer = await startFor([member("server-1", 1)]);
    const supervisor = await readEvents(balancer, "/v1/events?provision=1");
    const removed = control(balancer, "DELETE", "/rm", { n: 1 });
    const { id } = await supervisor.next("scale-request");
    await control(balancer, "POST", `/v1/wanted/${id}`, { error: "the engine is gone" });
    const reply = await removed;
    expect([reply.status, json(reply)]).toEqual([500, failure("the engine is gone")]);
  });

  test("does not wait for a supervisor that has left", async () => {
    const balancer = await startFor([]);
    const supervisor = await readEvents(balancer, "/v1/events?provision=1");
    const added = control(balancer, "POST", "/add", { n: 1 });
    await supervisor.next("scale-request");
    supervisor.close();
    expect(json(await added)).toEqual(failure("the supervisor has gone"));
  });

  test("asks the newest of several supervisors, and gives up what it was asked when it leaves", async () => {
    const balancer = await startFor([]);
    const older = await readEvents(balancer, "/v1/events?provision=1");
    const newer = await readEvents(balancer, "/v1/events?provision=1");
    const first = control(balancer, "POST", "/add", { n: 1 });
    await newer.next("scale-request");
    newer.close();
    expect(json(await first)).toEqual(failure("the supervisor has gone"));
    const second = control(balancer, "POST", "/add", { n: 2 });
    // The first that the older one hears of is the second wish.
    const { id, n } = await older.next("scale-request");
    expect(n).toBe(2);
    await control(balancer, "POST", `/v1/wanted/${id}`, { ok: true });
    expect((await second).status).toBe(200);
  });

  test("does not wait for a supervisor that left with its requests pipelined", async () => {
    const balancer = await startFor([]);
    const attach = (query: string): string =>
      `GET /v1/events${query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const socket = connect({ host: "127.0.0.1", port: balancer.controlPort });
    socket.write(attach("") + attach("?provision=1"));
    await once(socket, "data");
    socket.destroy();
    // Only when the connection's end has come through is nobody there to be asked.
    await expect
      .poll(async () => json(await control(balancer, "POST", "/add", { n: 1 })).message, pollTimeout)
      .toMatch("no supervisor is attached");
  });
});

test.each([
  ["GET", "/rep"],
  ["POST", "/add"],
  ["GET", "/metrics"],
  ["GET", "/v1/servers"],
  ["PUT", "/v1/policy"],
  ["GET", "/v1/events"],
])("42: %s %s on the data port is for a server, whoever knows the token", async (method, path) => {
  const balancer = await startFor(await startServers(1));
  const reply = await ask(balancer.port, { method, path, headers: { authorization: `Bearer ${token}` } });
  expect(reply.headers["x-served-by"]).toBe("server-1");
});

test("a balancer without a control port has none", async () => {
  const { startBalancer } = await import("../../cluster/balancer/start.ts");
  const { withDefaults } = await import("../../cluster/balancer/config/config.ts");
  const balancer = await startBalancer(withDefaults({ listen: anywhere }));
  expect(balancer.controlPort).toBeNull();
  await balancer.close();
});

test("35: a head may be given longer than a whole request usually has", async () => {
  const balancer = await startFor([], { headTimeoutMs: 3_600_000 });
  expect((await control(balancer, "GET", "/v1/servers")).status).toBe(200);
});
