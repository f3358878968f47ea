import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { ask, closeOf, control, json, member, pollTimeout, startFor, startHttp } from "./harness.ts";
import { builtProgram, run } from "./program.ts";

const program = builtProgram("balancer");

/** Connects until the far end has no descriptor left for another; returns the connections that it has taken. */
async function exhaust(port: number): Promise<Socket[]> {
  const taken: Socket[] = [];
  // A check that ends gives one back for a moment: no descriptor is left when several in a row are turned away.
  for (let turnedAway = 0; turnedAway < 10; ) {
    const socket = connect({ host: "127.0.0.1", port });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}).write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    const answered = new Promise<boolean>((resolve) => socket.once("data", () => resolve(true)));
    const isTaken = await Promise.race([answered, closeOf(socket)]);
    if (isTaken) taken.push(socket);
    turnedAway = isTaken ? 0 : turnedAway + 1;
  }
  return taken;
}

async function say(socket: Socket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return String((await once(socket, "data"))[0]);
}

test("a balancer without a free descriptor refuses requests, and blames no server", async () => {
  const port = await startHttp((_request, response) => response.end());
  const env = { LBCTL_LISTEN: "127.0.0.1:0", LBCTL_SERVERS: `a=127.0.0.1:${port}`, LBCTL_CHECK: "off" };
  const balancer = await run(program, env, 64);
  const taken = await exhaust(balancer.port);
  const [first] = taken;
  if (first === undefined) throw new Error("no connection was taken");
  const refused = await say(first, "/data");
  expect(refused).toMatch(/^HTTP\/1.1 503 /);
  expect(refused).toContain('"reason":"overloaded"');
  expect(await say(first, "/health")).toContain('"state":"up"');
  for (const socket of taken) socket.destroy();
  const status = (): Promise<number | null> =>
    ask(balancer.port).then(
      (reply) => reply.status,
      () => null,
    );
  await expect.poll(status, pollTimeout).toBe(200);
});

test("a check for which there is no free descriptor says nothing of the server", async () => {
  const port = await startHttp((_request, response) => response.end());
  const balancer = await run(
    program,
    { LBCTL_LISTEN: "127.0.0.1:0", LBCTL_SERVERS: `a=127.0.0.1:${port}`, LBCTL_CHECK: "tcp interval=3 fall=1" },
    64,
  );
  const log = text(balancer.child.stdout);
  const [first] = await exhaust(balancer.port);
  if (first === undefined) throw new Error("no connection was taken");
  // Long enough for many checks.
  for (let count = 0; count < 200; count += 1) await say(first, "/health");
  balancer.child.kill("SIGTERM");
  expect(await log).not.toContain("down");
});

test("a server whose connections are all busy keeps some requests waiting, and the others are refused at once", async () => {
  const held: ServerResponse[] = [];
  const slow = await startHttp((_, response) => void held.push(response));
  const balancer = await startFor([member("slow", slow)], { maxServerConnections: 2, maxPending: 1 });
  const asked = [ask(balancer.port), ask(balancer.port)];
  await expect.poll(() => held.length, pollTimeout).toBe(2);
  const waiting = ask(balancer.port);
  const shown = async () => json(await control(balancer, "GET", "/v1/servers")).servers[0].inFlight;
  await expect.poll(shown, pollTimeout).toBe(3);
  const refused = await ask(balancer.port);
  expect([refused.status, json(refused).error.reason]).toEqual([503, "overloaded"]);
  for (const response of held.splice(0)) response.end("served");
  await expect.poll(() => held.length, pollTimeout).toBe(1);
  held[0]?.end("served");
  for (const reply of await Promise.all([...asked, waiting])) expect(reply.body.toString()).toBe("served");
  expect(await shown()).toBe(0);
});
