/** Requests of different clients share no connection at a time unless that is asked for: behaviour 48. */
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { member, startFor, startRaw } from "../harness.ts";
import { askAtOnce, pathOf, pathsOf, startDropping, startMeasured } from "./pipelined-servers.ts";
import { get, ok, openWarm, send } from "./raw.ts";

test.each([1_024, 4, 1])(
  "48: no request is put behind another, with up to %i connections",
  async (maxServerConnections) => {
    const { port, seen } = await startMeasured();
    const balancer = await startFor([member("a", port)], { maxServerConnections });
    const clients = await openWarm(balancer, 20);
    for (let round = 0; round < 5; round += 1)
      expect(await askAtOnce(clients)).toEqual(clients.map((_, at) => pathOf(at)));
    expect(seen.most).toBe(1);
  },
);

test("48: a server that drops what stands behind a request gets none to drop", async () => {
  const { port, dropped } = await startDropping();
  const balancer = await startFor([member("a", port)], { responseTimeoutMs: 10_000 });
  const clients = await openWarm(balancer, 16);
  expect(await askAtOnce(clients)).toEqual(clients.map((_, at) => pathOf(at)));
  expect(dropped).toEqual([]);
});

test("48: no client gets what stands behind another's response", async () => {
  const port = await startRaw((socket) =>
    socket.setEncoding("latin1").on("data", (chunk) => {
      const responses = pathsOf(chunk).map((path) => ok(path) + (path === "/split" ? ok("poison") : ""));
      socket.write(responses.join(""));
    }),
  );
  const balancer = await startFor([member("a", port)]);
  const [first, ...others] = await openWarm(balancer, 8);
  const split = send(first as Socket, get("/split"));
  const responses = await Promise.all(others.map((client) => send(client, get("/own"))));
  expect(await split).toMatch(/\/split$/);
  for (const response of responses) expect(response).toMatch(/\r\n\r\n\/own$/);
});
