import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";

const bin = new URL("../bin/bench.js", import.meta.url).pathname;
const bench = (...args: string[]) => execa(process.execPath, [bin, ...args], { reject: false });

test("has figures of a simulation for a script", async () => {
  const { stdout, exitCode } = await bench("simulation", "--quick", "--json");
  const { machine, simulation } = JSON.parse(stdout);
  expect([machine.node, exitCode]).toEqual([process.version, 0]);
  expect(simulation.map(({ policy }: { policy: string }) => policy)).toContain("ring");
  for (const figures of simulation) {
    expect(figures).toMatchObject({ servers: [2, 3, 4, 5, 6], keys: 100_000 });
    expect(figures.seconds).toBeGreaterThan(0);
  }
});

test("says which parts there are", async () => {
  const { stderr, exitCode } = await bench("speed");
  expect([stderr, exitCode]).toEqual(['There is no part "speed": choose from placement, simulation, balancer.', 2]);
});

const pollTimeout = { timeout: 30_000 };

describe.skipIf(process.platform !== "linux")("of the balancer, on Linux, which tells what processes use", () => {
  test("has memory figures for a script", async () => {
    const { stdout, exitCode } = await bench("balancer/memory", "--quick", "--json");
    const { "balancer/memory": memory, quick } = JSON.parse(stdout);
    expect([quick, exitCode]).toEqual([true, 0]);
    expect(memory.idle).toMatchObject({ connections: 500 });
    expect(memory.bodies).toMatchObject({ bytes: 2 ** 24 });
    expect(memory.requests.map(({ requests }: { requests: number }) => requests)).toEqual([0, 500, 1_000]);
    for (const { bytes } of memory.requests) expect(bytes).toBeGreaterThan(2 ** 20);
  });

  test("leaves nothing behind on Ctrl-C", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lbctl-test-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const running = execa(process.execPath, [bin, "balancer/cost"], { reject: false, env: { TMPDIR: folder } });
    const children = async () =>
      (await readFile(`/proc/${running.pid}/task/${running.pid}/children`, "latin1")).trim().split(" ").map(Number);
    // The servers, and at least three kinds of our balancer.
    await expect.poll(async () => (await children()).length, pollTimeout).toBeGreaterThan(3);
    const started = await children();
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    await expect.poll(async () => (await Promise.all(started.map(isRunning))).includes(true), pollTimeout).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });
});

/** Not one that has ended, whose parent is yet to be told. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") Z");
  return !/\) [ZX]/.test(stat);
}
