import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moduleName } from "../../src/modules/file.ts";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
});
afterAll(() => box[Symbol.asyncDispose]());

const responses = (port: number) =>
  fetch(`http://127.0.0.1:${port}/heartbeat`).then(
    (response) => response.ok,
    () => false,
  );

describe("up that is interrupted", () => {
  const port = freshPort();
  const up = ["up", "--fleet", "early", "--driver", "process", "--port", String(port), "--servers", "4"];

  test("as early as can be leaves nothing, and the next up works", async () => {
    const child = box.start(up);
    await expect
      .poll(() => readdir(join(box.home, "early")).catch(() => []), { timeout: 20_000, interval: 1 })
      .not.toEqual([]);
    child.kill("SIGINT");
    expect((await child).exitCode).toBe(130);
    expect(await readdir(box.home)).toEqual([]);
    expect((await box.run(...up)).exitCode).toBe(0);
    expect((await box.run("down", "--fleet", "early")).exitCode).toBe(0);
  });

  test("by the end of its terminal leaves nothing either", async () => {
    const child = box.start(up);
    // Its first process is there, and the others are still to come: a fleet that is up would stay.
    await expect
      .poll(() => readdir(join(box.home, "early")).catch(() => []), { timeout: 20_000, interval: 1 })
      .toContain("processes.json");
    child.kill("SIGKILL");
    await child;
    await expect.poll(() => readdir(box.home), { timeout: 20_000 }).toEqual([]);
    expect(await responses(port + 1)).toBe(false);
  });
});

/** A policy of one's own that is not in any file. */
const source = "export const build = (servers) => () => servers.length - 1;";
const own = { name: moduleName("last.js", source), source };

describe("a supervisor", () => {
  const port = freshPort();
  const lbctl = (...args: string[]) => box.run(...args);
  const status = async () => JSON.parse((await lbctl("status", "--json")).stdout);
  const pid = async () =>
    JSON.parse(await readFile(join(box.home, "default", "supervisor.json"), "utf8")).pid as number;
  async function control(method: string, path: string, body: unknown) {
    const token = await readFile(join(box.home, "default", "token"), "utf8");
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port - 1}${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    return response.status;
  }
  beforeAll(async () => {
    await lbctl(
      "up",
      "--driver",
      "process",
      "--port",
      String(port),
      "--servers",
      "2",
      "--check",
      "/heartbeat interval=100",
    );
  });

  test("keeps what was changed through the control API, also when the balancer dies", async () => {
    const modules = { [own.name]: own.source };
    expect(await control("PUT", "/v1/policy", { policy: own.name, hash: "md5", modules })).toBe(200);
    expect(await control("POST", "/v1/servers/server-2/drain", {})).toBe(200);
    await expect
      .poll(async () => JSON.parse(await readFile(join(box.home, "default", "fleet.json"), "utf8")).spec, {
        timeout: 20_000,
      })
      .toMatchObject({ policy: own.name, hash: "md5", modules, servers: [{ drained: false }, { drained: true }] });
    const before = await status();
    await lbctl("kill", "balancer");
    await expect.poll(async () => (await status()).balancer, { timeout: 20_000 }).toMatchObject({ answers: true });
    await expect.poll(async () => (await status()).policy, { timeout: 20_000 }).toBe(own.name);
    await expect.poll(async () => (await status()).servers[1]?.state, { timeout: 20_000 }).toBe("draining");
    expect((await status()).balancer.id).not.toBe(before.balancer.id);
    await lbctl("drain", "server-2", "--undo");
  });

  test("lets a frozen balancer go on", async () => {
    await lbctl("pause", "balancer");
    expect((await status()).balancer.answers).toBe(false);
    expect((await lbctl("pause", "balancer", "--undo")).exitCode).toBe(0);
    expect((await status()).balancer.answers).toBe(true);
  });

  test("that is killed in the middle of a change leaves nothing that down does not find", async () => {
    const child = box.start(["scale", "25"]);
    await expect.poll(() => responses(port + 4), { timeout: 20_000, interval: 1 }).toBe(true);
    process.kill(await pid(), "SIGKILL");
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(1);
    expect(String(stderr)).toMatch(/The supervisor ended in the middle of its work/);
    expect((await lbctl("down")).exitCode).toBe(0);
    const left = await Promise.all(Array.from({ length: 25 }, (_, i) => responses(port + 1 + i)));
    expect(left).not.toContain(true);
    expect(await readdir(box.home)).toEqual([]);
  });
});
