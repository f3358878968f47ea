import { fork } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startHttp } from "../cluster/harness.ts";

const generator = fileURLToPath(new URL("../../bin/bench/balancer/load.js", import.meta.url));

/** What the load generator reports that is told to send this. */
async function generated(load: object) {
  const [{ result }] = await once(fork(generator, [JSON.stringify(load)]), "message");
  return result;
}

test("sends at its rate while no answers come, and waits for all of them", async () => {
  const held: (() => void)[] = [];
  const port = await startHttp((_, response) => {
    held.push(() => response.end());
    // All that the connections have room for were sent though none was answered.
    if (held.length >= 8) for (const respond of held.splice(0)) respond();
  });
  // 96 requests: the last eight are answered together, too.
  const { requests, failed } = await generated({ port, connections: 8, rate: 192, seconds: 0.5 });
  expect([requests, failed]).toEqual([96, 0]);
});

test("sends a number of requests, each on a connection of its own", async () => {
  const sockets = new Set<Socket>();
  const port = await startHttp(({ socket }, response) => {
    sockets.add(socket);
    response.end();
  });
  const { requests, failed } = await generated({ port, connections: 4, count: 40, fresh: true });
  expect([requests, failed, sockets.size]).toEqual([40, 0, 40]);
});

test("counts answers that are not 200, and connections that break", async () => {
  const refusing = await startHttp((_, response) => response.writeHead(503).end("no"));
  const breaking = await startHttp(({ socket }) => socket.destroy());
  for (const port of [refusing, breaking])
    expect(await generated({ port, connections: 2, count: 10 })).toMatchObject({ requests: 10, failed: 10 });
});
