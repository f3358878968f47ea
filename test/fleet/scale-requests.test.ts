import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

// The classroom's protocol on the control port: the balancer asks, the supervisor fulfils, the driver starts and stops.
let box: Sandbox;
let token: string;
const port = freshPort();

beforeAll(async () => {
  box = await sandbox();
  await box.run("up", "--driver", "process", "--port", String(port));
  token = await readFile(join(box.home, "default", "token"), "utf8");
});
afterAll(() => box[Symbol.asyncDispose]());

async function control(method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${port - 1}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { code: response.status, ...((await response.json()) as { message: { N: number; replicas: string[] } }) };
}

test("/rep tells who is there", async () => {
  const replicas = ["Server 1", "Server 2", "Server 3"];
  expect(await control("GET", "/rep")).toEqual({ code: 200, status: "successful", message: { N: 3, replicas } });
});

test("/add starts named servers and others, /rm stops them", async () => {
  const added = await control("POST", "/add", { n: 3, hostnames: ["S5", "S6"] });
  expect(added).toMatchObject({ code: 200, message: { N: 6 } });
  expect(added.message.replicas).toEqual(expect.arrayContaining(["S5", "S6", "Server 6"]));
  expect((await fetch(`http://127.0.0.1:${port + 4}/heartbeat`)).headers.get("x-served-by")).toBe("S5");
  const removed = await control("DELETE", "/rm", { n: 4, hostnames: ["S5", "Server 1"] });
  expect(removed).toMatchObject({ code: 200, message: { N: 2 } });
  expect(removed.message.replicas).not.toContain("S5");
  const status = JSON.parse((await box.run("status", "--json")).stdout);
  expect(status.servers).toHaveLength(2);
});

test("a scale request that can't be fulfilled changes nothing and says why", async () => {
  expect(await control("POST", "/add", { n: 1, hostnames: ["a", "b"] })).toMatchObject({ code: 400 });
  expect(await control("POST", "/add", { n: 1_000 })).toMatchObject({
    code: 500,
    message: expect.stringContaining("at most 200 servers"),
  });
  expect((await control("GET", "/rep")).message.N).toBe(2);
});
