import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshPort } from "../lbctl.ts";
import {
  ask,
  closeOf,
  control,
  json,
  pollTimeout,
  putServers,
  readEvents,
  servedBy,
  startHttp,
  startServers,
  token,
} from "./harness.ts";
import { builtProgram, childrenOf, run, runToEnd, start } from "./program.ts";

const program = builtProgram("balancer");

async function startWorkers(count: number, env: Record<string, string> = {}) {
  const members = await startServers(count);
  const running = await run(program, {
    LBCTL_WORKERS: "2",
    LBCTL_LISTEN: "127.0.0.1:0",
    LBCTL_CONTROL: "127.0.0.1:0",
    LBCTL_TOKEN: token,
    LBCTL_KEY: "uri",
    LBCTL_CHECK: "off",
    LBCTL_SERVERS: members.map(({ name, address }) => `${name}=${address}`).join(","),
    ...env,
  });
  return { ...running, members, balancer: running };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const paths = Array.from({ length: 40 }, (_, i) => `/data/${i}`);

/** Each on a connection of its own, which the parent deals out in turn. */
const owners = async (port: number): Promise<string[]> => {
  const replies = [];
  for (const path of paths) replies.push(servedBy(await ask(port, { path })));
  return replies;
};

describe("several workers", () => {
  test("are one balancer: one placement, and counts that add up at once", async () => {
    const { port, balancer } = await startWorkers(3);
    const first = await owners(port);
    expect(await owners(port)).toEqual(first);
    const { servers } = json(await control(balancer, "GET", "/v1/servers"));
    for (const { name, requests } of servers) expect(requests).toBe(2 * first.filter((owner) => owner === name).length);
    const metrics = (await control(balancer, "GET", "/metrics")).body.toString();
    expect(metrics).toMatch(/^lbctl_request_duration_seconds_count 80$/m);
  });

  test("34: hear of drains, members, weights and policies before the control port has answered", async () => {
    const { port, balancer, members } = await startWorkers(3);
    await control(balancer, "POST", "/v1/servers/server-1/drain");
    expect(await owners(port)).not.toContain("server-1");
    await control(balancer, "POST", "/v1/servers/server-1/ready");
    expect(await owners(port)).toContain("server-1");
    const heavy = members.map((each) => ({ ...each, weight: each.name === "server-2" ? 50 : 1 }));
    await putServers(balancer, heavy);
    expect((await owners(port)).filter((owner) => owner === "server-2").length).toBeGreaterThan(paths.length / 2);
    await putServers(balancer, members.slice(0, 2));
    expect(await owners(port)).not.toContain("server-3");
    await control(balancer, "PUT", "/v1/policy", { policy: "round-robin" });
    expect(new Set(await owners(port)).size).toBe(2);
  });

  test("a server that leaves has no request left when the change is answered", async () => {
    const release: (() => void)[] = [];
    const slow = await startHttp((_, response) => void release.push(() => response.end("late")));
    const { port, balancer } = await startWorkers(1, { LBCTL_SERVERS: `slow=127.0.0.1:${slow}` });
    const asked = ask(port);
    await expect.poll(() => release.length, pollTimeout).toBe(1);
    const changed = putServers(balancer, []);
    let done = false;
    void changed.then(() => {
      done = true;
    });
    await readEvents(balancer);
    expect(done).toBe(false);
    release[0]?.();
    expect((await asked).body.toString()).toBe("late");
    expect(json(await changed)).toMatchObject({ drained: true });
  });

  test("one that crashes is replaced, and the others go on", async () => {
    const { port, balancer, child } = await startWorkers(1);
    const events = await readEvents(balancer);
    const [victim] = await childrenOf(child.pid);
    process.kill(victim ?? Number.NaN, "SIGKILL");
    expect(await events.next("worker-lost")).toMatchObject({ reason: "SIGKILL" });
    expect((await ask(port)).status).toBe(200);
    await expect.poll(async () => (await childrenOf(child.pid)).length, pollTimeout).toBe(2);
    expect((await ask(port)).status).toBe(200);
  });

  test("a crash of one costs no request at the others", async () => {
    const held: ServerResponse[] = [];
    const slow = await startHttp((_, response) => void held.push(response));
    const { port, balancer, child } = await startWorkers(1, { LBCTL_SERVERS: `slow=127.0.0.1:${slow}` });
    const outcomes: Promise<string>[] = [];
    const inFlight = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0].inFlight;
    for (let count = 1; count <= 6; count += 1) {
      outcomes.push(
        ask(port).then(
          ({ body }) => body.toString(),
          () => "lost",
        ),
      );
      await expect.poll(() => held.length, pollTimeout).toBe(count);
    }
    const [victim] = await childrenOf(child.pid);
    process.kill(victim ?? Number.NaN, "SIGKILL");
    // What it had is not in flight any more.
    await expect.poll(inFlight, pollTimeout).toBeLessThan(6);
    const others = await inFlight();
    for (const response of held) response.end("whole");
    const ended = (await Promise.all(outcomes)).toSorted();
    expect(ended).toEqual([...Array(6 - others).fill("lost"), ...Array(others).fill("whole")]);
    expect(others).toBeGreaterThan(0);
  });

  test("32: an answer at one of them ends a row of failures at all", async () => {
    const moody = await startHttp((request, response) => {
      // Each request has a connection of its own: a kept one that breaks is no failure.
      if (request.method === "PUT") response.setHeader("Connection", "close").end();
      else request.socket.destroy();
    });
    const { port, balancer } = await startWorkers(1, { LBCTL_SERVERS: `a=127.0.0.1:${moody},b=127.0.0.1:1` });
    let path = "";
    for (let key = 0; path === ""; key += 1) {
      const { candidates } = json(await control(balancer, "GET", `/v1/placement?key=/${key}`));
      if (candidates[0] === "a") path = `/${key}`;
    }
    const shown = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0];
    for (const method of ["POST", "POST", "POST", "POST", "PUT", "POST", "POST", "POST", "POST"]) {
      await ask(port, { method, path });
      // What each worker has seen is known to all before the next.
      await shown();
    }
    expect(await shown()).toMatchObject({ failures: 8, state: "up" });
    await ask(port, { method: "POST", path });
    expect(await shown()).toMatchObject({ failures: 9, state: "down" });
  });

  test("32: lost requests at all of them count together towards an ejection, which holds for all", async () => {
    const rude = await startHttp((request) => void request.socket.destroy());
    const { port, balancer, members } = await startWorkers(1);
    const events = await readEvents(balancer);
    await putServers(balancer, [...members, { name: "rude", weight: 1, address: `127.0.0.1:${rude}` }]);
    for (const path of [...paths, ...paths]) expect((await ask(port, { path })).status).toBe(200);
    expect(await events.next("down")).toMatchObject({ server: "rude" });
    const requests = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0].requests;
    const before = await requests();
    for (const path of paths) await ask(port, { path });
    expect(await requests()).toBe(before);
  });

  test("40: finish what is in flight on SIGTERM, also when it reaches them first, and leave nothing", async () => {
    const release: (() => void)[] = [];
    const slow = await startHttp((_, response) => {
      release.push(() => response.end("late"));
    });
    const { port, child, ended } = await startWorkers(1, { LBCTL_SERVERS: `slow=127.0.0.1:${slow}` });
    const workers = await childrenOf(child.pid);
    const asked = ask(port);
    await expect.poll(() => release.length, pollTimeout).toBe(1);
    // An idle connection is cut as soon as the drain begins.
    const idle = connect({ host: "127.0.0.1", port }).on("error", () => {});
    // Answered once, it is at a worker: what the parent still holds when its workers end is cut with the parent.
    idle.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(idle, "data");
    const cut = closeOf(idle);
    for (const pid of workers) process.kill(pid, "SIGTERM");
    child.kill("SIGTERM");
    await cut;
    release[0]?.();
    expect((await asked).body.toString()).toBe("late");
    expect(await ended).toEqual({ code: 0, stderr: "" });
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow();
  });

  test("say in one line that the port is taken", async () => {
    const port = await startHttp(() => {});
    const { code, stderr } = await runToEnd(program, { LBCTL_WORKERS: "2", LBCTL_LISTEN: `127.0.0.1:${port}` });
    expect(stderr).toMatch(new RegExp(`^balancer: port ${port} is taken.*LBCTL_LISTEN.*\\n$`));
    expect(code).toBe(1);
  });
});

describe("a balancer of several workers that is only starting", () => {
  /** Starts one, and stops each of its workers before it hears anything. */
  async function startStopped(port: number) {
    const child = start(program, { LBCTL_WORKERS: "2", LBCTL_LISTEN: `127.0.0.1:${port}`, LBCTL_CHECK: "off" });
    await expect.poll(async () => (await childrenOf(child.pid)).length, pollTimeout).toBe(2);
    const workers = await childrenOf(child.pid);
    for (const pid of workers) process.kill(pid, "SIGSTOP");
    onTestFinished(() => {
      for (const pid of workers) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    });
    return { child, workers };
  }

  test("leaves none behind when it is killed, and no balancer in its place", async () => {
    const { child, workers } = await startStopped(freshPort());
    child.kill("SIGKILL");
    await once(child, "exit");
    for (const pid of workers) process.kill(pid, "SIGCONT");
    await expect.poll(() => workers.some(isAlive), pollTimeout).toBe(false);
  });
});

test("workers are replaced though there was no free descriptor when they ended", async ({ skip }) => {
  const [server] = await startServers(1);
  const env = { LBCTL_WORKERS: "2", LBCTL_LISTEN: "127.0.0.1:0", LBCTL_SERVERS: `a=${server?.address}` };
  const { child, port, ended, line } = await run(program, env, 64);
  skip(
    line.includes("the kernel gives"),
    "the process above the workers has no connections where the kernel gives them",
  );
  const workers = await childrenOf(child.pid);
  for (const pid of workers) process.kill(pid, "SIGSTOP");
  const clients = Array.from({ length: 80 }, () => connect({ host: "127.0.0.1", port }).on("error", () => {}));
  onTestFinished(() => {
    for (const client of clients) client.destroy();
  });
  // With none left, the next one is turned away by the system.
  await Promise.race(clients.map(closeOf));
  for (const pid of workers) process.kill(pid, "SIGKILL");
  await expect
    .poll(async () => (await childrenOf(child.pid)).filter((pid) => !workers.includes(pid)).length, pollTimeout)
    .toBe(2);
  for (const client of clients) client.destroy();
  // Until the clients' descriptors are free again, the primary closes what it accepts.
  await expect.poll(async () => (await ask(port).catch(() => null))?.status, pollTimeout).toBe(200);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
});

test("workers have their connections from the kernel where Node can share a port, which is said at the start and in the metrics", async () => {
  const [server] = await startServers(1);
  const env = { LBCTL_WORKERS: "2", LBCTL_LISTEN: "127.0.0.1:0", LBCTL_SERVERS: `a=${server?.address}` };
  const controlled = { ...env, LBCTL_CONTROL: "127.0.0.1:0", LBCTL_TOKEN: token };
  const { port, controlPort, line } = await run(program, controlled);
  const by = await whoAccepts();
  expect(line).toContain(
    by === "kernel" ? "2 workers, to which the kernel gives" : "2 workers, to which a dispatcher gives",
  );
  const metrics = (await control({ controlPort }, "GET", "/metrics")).body.toString();
  expect(metrics).toContain(`lbctl_accepted_by_info{by="${by}"} 1`);
  // Nobody else gets the port, also where the workers share it.
  const second = await runToEnd(program, { ...env, LBCTL_LISTEN: `127.0.0.1:${port}` });
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("is taken by another process")]);
  const replies = await Promise.all(Array.from({ length: 50 }, () => ask(port)));
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
});

/** Whether two sockets of this Node can share a port. */
async function whoAccepts(): Promise<"kernel" | "dispatcher"> {
  const [first, second] = [createServer(), createServer()];
  onTestFinished(() => void [first, second].map((server) => server.close()));
  const listenAt = (server: Server, at: number): Promise<boolean> =>
    new Promise((resolve) => {
      const options = { host: "127.0.0.1", port: at, reusePort: true };
      server.on("error", () => resolve(false)).listen(options, () => resolve(true));
    });
  await listenAt(first, 0);
  return (await listenAt(second, (first.address() as AddressInfo).port)) ? "kernel" : "dispatcher";
}
