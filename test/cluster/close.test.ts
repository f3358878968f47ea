import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startBalancer } from "../../cluster/balancer/balancer.ts";
import { defaultCheck, withDefaults } from "../../cluster/balancer/config.ts";
import { anywhere, ask, member, servedBy, signal, startHttp, startServers, token } from "./harness.ts";
import { run, runToEnd, useProgram } from "./program.ts";

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
    const port = await startHttp(async (_request, response) => {
      arrived.resolve();
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
    const port = await startHttp(() => arrived.resolve());
    const config = withDefaults({ listen: anywhere, members: [member("a", port)], drainMs: 10 });
    const balancer = await startBalancer(config);
    const never = ask(balancer.port, { path: "/x" });
    never.catch(() => {});
    await arrived.promise;
    await balancer.close();
    await expect(never).rejects.toThrow();
  });
});

describe("the balancer's process", () => {
  const program = useProgram("balancer");

  test("forwards by its environment, logs as JSON lines, and ends with 0 on SIGTERM", async () => {
    const [server] = await startServers(1);
    const { child, port, ended } = await run(program(), {
      LBCTL_LISTEN: "127.0.0.1:0",
      LBCTL_CONTROL: "127.0.0.1:0",
      LBCTL_TOKEN: token,
      LBCTL_SERVERS: `server-1=${server?.address}`,
    });
    expect(servedBy(await ask(port))).toBe("server-1");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 0, stderr: "" });
  });

  test("says in one line that its port is taken, and ends with 1", async () => {
    const port = await startHttp(() => {});
    const { code, stderr } = await runToEnd(program(), { LBCTL_LISTEN: `127.0.0.1:${port}` });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^balancer: port ${port} is taken.*LBCTL_LISTEN.*\\n$`));
  });

  test("says which variable is wrong", async () => {
    const { code, stderr } = await runToEnd(program(), { LBCTL_POLICY: "rung" });
    expect([code, stderr.split("\n").length]).toEqual([1, 2]);
    expect(stderr).toContain("LBCTL_POLICY");
  });
});
