import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { defaultCheck, withDefaults } from "../../cluster/balancer/config/config.ts";
import { startBalancer } from "../../cluster/balancer/start.ts";
import {
  anywhere,
  ask,
  closeOf,
  control,
  json,
  member,
  pollTimeout,
  servedBy,
  signal,
  startFor,
  startHttp,
  startRaw,
  startServers,
  token,
} from "./harness.ts";
import { builtProgram, run, runToEnd } from "./program.ts";

describe("close()", () => {
  test("leaves no socket, server or timer behind, whatever happened before", async () => {
    // Nothing listens at port 1.
    const members = [...(await startServers(2)), member("dead", 1)];
    const held = (kind: string): number =>
      process.getActiveResourcesInfo().filter((each) => each.startsWith(kind)).length;
    await setImmediate();
    const before = { sockets: held("TCP"), timers: held("Timeout") };
    const check = { ...defaultCheck, intervalMs: 5 };
    const config = { listen: anywhere, control: anywhere, token, members, check, key: { kind: "request-id" } } as const;
    const balancer = await startBalancer(withDefaults(config));
    const port = balancer.controlPort ?? 0;
    await Promise.all(Array.from({ length: 50 }, () => ask(balancer.port)));
    await ask(port, { method: "PUT", path: "/v1/servers", headers: { authorization: `Bearer ${token}` }, body: "{}" });
    await balancer.close();
    expect(held("Timeout")).toBeLessThanOrEqual(before.timers);
    // The servers' ends of the balancer's connections close in their own time.
    await expect.poll(() => held("TCP")).toBe(before.sockets);
  });

  test("lets a request in flight end, tells its client to leave, and takes no other", async () => {
    const arrived = signal();
    const release = signal();
    const port = await startHttp(async ({ url }, response) => {
      if (url === "/x") arrived.resolve();
      await release.promise;
      response.end("late");
    });
    const balancer = await startBalancer(withDefaults({ listen: anywhere, members: [member("a", port)] }));
    const late = ask(balancer.port, { path: "/x", headers: { connection: "keep-alive" } });
    await arrived.promise;
    const closed = balancer.close();
    await expect(ask(balancer.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    release.resolve();
    const reply = await late;
    expect([reply.body.toString(), reply.headers.connection]).toEqual(["late", "close"]);
    await closed;
  });

  test("cuts what is not done at the deadline", async () => {
    const arrived = signal();
    const port = await startHttp(({ url }) => url === "/x" && arrived.resolve());
    const config = withDefaults({ listen: anywhere, members: [member("a", port)], drainMs: 10 });
    const balancer = await startBalancer(config);
    const never = ask(balancer.port, { path: "/x" });
    never.catch(() => {});
    await arrived.promise;
    await balancer.close();
    await expect(never).rejects.toThrow();
  });
});

test("close() waits for no client that asks nothing", async () => {
  const balancer = await startFor([], { drainMs: 60_000 });
  const say = (port: number, text: string): Socket => {
    const socket = connect({ host: "127.0.0.1", port }).on("error", () => {});
    socket.write(text);
    return socket;
  };
  const sockets = ["", "GET / HT", "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET"].map((text) =>
    say(balancer.port, text),
  );
  await expect
    .poll(async () => json(await control(balancer, "GET", "/v1/servers")).connections.client, pollTimeout)
    .toBe(sockets.length);
  await Promise.all([balancer.close(), ...sockets.map((socket) => closeOf(socket.resume()))]);
}, 10_000);

test("a change of membership that comes while the balancer closes leaves no check behind", async () => {
  let connections = 0;
  const port = await startRaw((socket) => {
    connections += 1;
    socket.write("welcome");
  });
  const balancer = await startFor([], { check: { ...defaultCheck, kind: "tcp" } });
  const body = JSON.stringify({ servers: [member("late", port)] });
  const put = connect({ host: "127.0.0.1", port: balancer.controlPort });
  const head = `PUT /v1/servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
  // The balancer has the head when it asks for the body.
  put.write(`${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
  await once(put, "data");
  const closed = balancer.close();
  const refused = (): Promise<string> =>
    control(balancer, "GET", "/v1/servers").then(
      () => "",
      ({ code }) => code,
    );
  await expect.poll(refused, pollTimeout).toBe("ECONNREFUSED");
  put.write(body);
  expect(String(await once(put, "data"))).toMatch(/^HTTP\/1.1 200 /);
  put.destroy();
  await closed;
  // A check would have come before this.
  const own = connect({ host: "127.0.0.1", port });
  await once(own, "data");
  own.destroy();
  expect(connections).toBe(1);
});

describe("the balancer's process", () => {
  const program = builtProgram("balancer");

  test("goes on when nobody reads its log any more", async () => {
    const { child, port } = await run(program, {
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_SERVERS: "dead=127.0.0.1:1",
      LBCTL_CHECK: "tcp interval=1",
    });
    const health = async (): Promise<string> => json(await ask(port, { path: "/health" })).servers[0].state;
    child.stdout.destroy();
    // That the server is down has been logged by then, or is while the last of these is answered.
    await expect.poll(health, pollTimeout).toBe("down");
    for (let count = 0; count < 10; count += 1) expect(await health()).toBe("down");
  });

  test("forwards by its environment, logs as JSON lines, and ends with 0 on SIGTERM", async () => {
    const [server] = await startServers(1);
    const { child, port, ended } = await run(program, {
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_CONTROL: "127.0.0.1:0",
      LBCTL_TOKEN: token,
      LBCTL_SERVERS: `server-1=${server?.address}`,
    });
    expect(servedBy(await ask(port))).toBe("server-1");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 0, stderr: "" });
  });

  test.runIf(process.platform === "linux")("36: streams a long body both ways in little memory", async () => {
    const total = 128 * 1024 * 1024;
    const echo = await startHttp((request, response) => void request.pipe(response));
    const { child, port } = await run(program, {
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_CHECK: "off",
      LBCTL_SERVERS: `echo=127.0.0.1:${echo}`,
    });
    const socket = connect({ host: "127.0.0.1", port });
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${total}\r\n\r\n`);
    const chunk = Buffer.alloc(1024 * 1024, "x");
    let given = 0;
    const give = (): void => {
      while (given < total) {
        given += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on("drain", give);
    give();
    let came = 0;
    socket.on("data", ({ length }) => {
      came += length;
    });
    await closeOf(socket);
    expect(came).toBeGreaterThan(total);
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(120 * 1024);
  });

  test("says in one line that its port is taken, and ends with 1", async () => {
    const port = await startHttp(() => {});
    const { code, stderr } = await runToEnd(program, { LBCTL_LISTEN: `127.0.0.1:${port}` });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^balancer: port ${port} is taken.*LBCTL_LISTEN.*\\n$`));
  });

  test("says which variable is wrong", async () => {
    const { code, stderr } = await runToEnd(program, { LBCTL_POLICY: "rung" });
    expect([code, stderr.split("\n").length]).toEqual([1, 2]);
    expect(stderr).toContain("LBCTL_POLICY");
  });
});
