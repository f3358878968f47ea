/** How a balancer begins: behaviour 57. */
import { expect, test } from "vitest";
import { defaultCheck } from "../../../cluster/balancer/config/config.ts";
import { ask, control, json, member, pollTimeout, putServers, signal, startFor, startHttp } from "../harness.ts";

const check = { ...defaultCheck, intervalMs: 60_000, timeoutMs: 60_000 };

test("57: servers are used before their first checks are over", async () => {
  const port = await startHttp(({ url }, response) => {
    // The check is never answered.
    if (url !== "/heartbeat") response.end("served");
  });
  const balancer = await startFor([member("a", port)], { check });
  expect((await ask(balancer.port)).body.toString()).toBe("served");
  const late = await startHttp(({ url }, response) => void (url === "/heartbeat" || response.end("late")));
  await putServers(balancer, [member("late", late)]);
  expect((await ask(balancer.port)).body.toString()).toBe("late");
});

test("57: all servers are checked at once, at the start and when they are added", async () => {
  const checked = new Set<string>();
  const all = signal();
  const release = signal();
  const startNamed = (name: string): Promise<number> =>
    startHttp(async (_request, response) => {
      checked.add(name);
      if (checked.size === 3) all.resolve();
      // No check is over before all have begun.
      await release.promise;
      response.end();
    });
  const names = ["a", "b", "c", "d", "e", "f"];
  const members = await Promise.all(names.map(async (name) => member(name, await startNamed(name))));
  const balancer = await startFor(members.slice(0, 3), { check });
  await all.promise;
  await putServers(balancer, members);
  await expect.poll(() => checked.size, pollTimeout).toBe(6);
  release.resolve();
});

test("57: one refused check takes a server down that never passed one", async () => {
  const port = await startHttp((_request, response) => response.end("served"));
  const balancer = await startFor([member("up", port), member("refused", 1)], { check });
  const shown = async () =>
    json(await control(balancer, "GET", "/v1/servers")).servers.map(({ name, state }: Record<string, string>) => [
      name,
      state,
    ]);
  await expect.poll(shown, pollTimeout).toEqual([
    ["refused", "down"],
    ["up", "up"],
  ]);
});

test("57: a balancer that awaits its servers holds its clients until it is told of one", async () => {
  const port = await startHttp((_request, response) => response.end("served"));
  const balancer = await startFor([], { awaitServersMs: 60_000 });
  const replies = Array.from({ length: 5 }, () => ask(balancer.port));
  await putServers(balancer, [member("a", port)]);
  expect((await Promise.all(replies)).map(({ body }) => body.toString())).toEqual(replies.map(() => "served"));
});

test("57: and answers them 503 when that took too long", async () => {
  const balancer = await startFor([], { awaitServersMs: 20 });
  expect((await ask(balancer.port)).status).toBe(503);
});

test("57: a port that is taken is told before anything is done", async () => {
  let checks = 0;
  const port = await startHttp((_request, response) => {
    checks += 1;
    response.end();
  });
  const first = await startFor([]);
  const listen = { host: "127.0.0.1", port: first.port };
  await expect(startFor([member("a", port)], { check, listen })).rejects.toThrow("EADDRINUSE");
  expect(checks).toBe(0);
});
