import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEngine } from "../../src/fleet/docker.ts";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

// One contract for every driver, through the command line. A driver's own row says how to look for what is left.
const engine = await findEngine();
if (!engine.ok) process.stderr.write(`The tests of the compose driver are skipped: ${engine.missing}.\n`);

const rows = [
  { driver: "process", skipped: false, leftovers: leftProcesses },
  { driver: "compose", skipped: !engine.ok, leftovers: leftContainers },
];

describe.each(rows.filter((row) => !row.skipped))("the $driver driver", ({ driver, leftovers }) => {
  let box: Sandbox;
  const port = freshPort();
  const fleet = `test-${driver}-${process.pid}`;
  const lbctl = (...args: string[]) => box.run(...args, "--fleet", fleet);
  const quickChecks = ["--check", "/heartbeat interval=100 timeout=2000"];
  const json = async (...args: string[]) => JSON.parse((await lbctl(...args, "--json", "--quiet")).stdout);
  const ids = (status: { balancer: { id: string }; servers: { name: string; id: string }[] }) => [
    ...status.servers.map(({ name, id }) => `${name} ${id}`),
    `balancer ${status.balancer.id}`,
  ];

  beforeAll(async () => {
    box = await sandbox();
  }, 180_000);
  afterAll(() => box[Symbol.asyncDispose](), 60_000);

  test("brings a fleet up, healthy when it returns", async () => {
    const { exitCode, stderr } = await lbctl(
      "up",
      "--driver",
      driver,
      "--port",
      String(port),
      "--servers",
      "2",
      ...quickChecks,
    );
    expect(stderr).toContain(`http://127.0.0.1:${port}`);
    expect(exitCode).toBe(0);
    const status = await json("status");
    expect(status).toMatchObject({ fleet, driver, policy: "ring", balancer: { answers: true } });
    expect(status.servers).toMatchObject([
      { name: "server-1", address: `127.0.0.1:${port + 1}`, state: "up" },
      { name: "server-2", address: `127.0.0.1:${port + 2}`, state: "up" },
    ]);
    const heartbeat = await fetch(`http://127.0.0.1:${port + 1}/heartbeat`);
    expect([heartbeat.status, await heartbeat.text()]).toEqual([200, ""]);
  }, 180_000);

  test("the same again changes nothing and says so", async () => {
    const before = ids(await json("status"));
    const { stderr, exitCode } = await lbctl("up", "--servers", "2");
    expect(stderr).toContain("nothing changed");
    expect(exitCode).toBe(0);
    expect(ids(await json("status"))).toEqual(before);
  });

  test("a burst is answered in full, where the placement code says", async () => {
    const sent = await json("send", "--count", "1500", "--no-charts");
    expect(sent).toMatchObject({ count: 1500, ok: 1500, failed: 0, agreement: { checked: 1500, matched: 1500 } });
  });

  test("policy, hash and key change in place: nothing restarts", async () => {
    const before = ids(await json("status"));
    expect(await json("policy", "maglev:size=4099", "--hash", "murmur3", "--key", "header:X-User")).toMatchObject({
      policy: "maglev:size=4099",
      hash: "murmur3",
      key: "header:X-User",
    });
    expect(ids(await json("status"))).toEqual(before);
    const sent = await json("send", "--count", "300", "--key", "user-{n}", "--no-charts");
    expect(sent).toMatchObject({ ok: 300, agreement: { checked: 300, matched: 300 } });
  });

  test("a policy and a hash of one's own travel to the balancer, and stay what they were", async () => {
    const file = (name: string) => join(box.folder, name);
    await writeFile(file("h.js"), "exports.hash = (bytes) => bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7);");
    await writeFile(
      file("p.js"),
      "export const build = (servers, hash) => (key) => servers[hash(key) % servers.length];",
    );
    const before = ids(await json("status"));
    const first = await json("policy", "./p.js", "--hash", "./h.js", "--key", "client-ip");
    expect([first.policy, first.hash]).toEqual([
      expect.stringMatching(/^p\.js#\w{8}$/),
      expect.stringMatching(/^h\.js#\w{8}$/),
    ]);
    const burst = ["send", "--count", "600", "--no-charts"];
    expect(await json(...burst)).toMatchObject({ ok: 600, agreement: { checked: 600, matched: 600 } });
    // The fleet has what it was given, whatever becomes of the files; the same files again are no change, others are.
    await rename(file("p.js"), file("q.js"));
    await rm(file("h.js"));
    await lbctl("kill", "balancer");
    await expect
      .poll(async () => await json("status"), { timeout: 60_000 })
      .toMatchObject({ replaced: first.replaced + 1, balancer: { answers: true }, policy: first.policy });
    expect(await json(...burst)).toMatchObject({ ok: 600, agreement: { checked: 600, matched: 600 } });
    await rename(file("q.js"), file("p.js"));
    expect((await lbctl("up", "--policy", "./p.js")).stderr).toContain("nothing changed");
    await writeFile(file("p.js"), "export const build = () => () => 'server-2';");
    expect((await lbctl("up", "--policy", "./p.js")).stderr).toContain("is as asked");
    expect(await json(...burst)).toMatchObject({
      servers: { "server-1": 0, "server-2": 600 },
      agreement: { checked: 600, matched: 600 },
    });
    expect(ids(await json("status")).slice(0, 2)).toEqual(before.slice(0, 2));
    await json("policy", "maglev", "--hash", "murmur3", "--key", "header:X-User");
  }, 180_000);

  test("a different ask is applied as a difference, under load, without a failed request", async () => {
    const before = ids(await json("status"));
    const burst = lbctl("send", "--count", "4000", "--concurrency", "16", "--json", "--no-charts");
    await lbctl("up", "--servers", "4");
    await lbctl("scale", "3");
    expect(JSON.parse((await burst).stdout)).toMatchObject({ ok: 4000, failed: 0 });
    const after = ids(await json("status"));
    expect(after).toHaveLength(4);
    expect(after).toEqual(expect.arrayContaining(before));
  }, 120_000);

  test("changes made at the same time are all made", async () => {
    const changes = [
      ["add", "left"],
      ["add", "right"],
      ["policy", "rendezvous"],
    ];
    const codes = await Promise.all(changes.map(async (change) => (await lbctl(...change)).exitCode));
    expect(codes).toEqual([0, 0, 0]);
    const status = await json("status");
    expect(status.policy).toBe("rendezvous");
    expect(status.servers.map((server: { name: string }) => server.name)).toEqual(
      expect.arrayContaining(["left", "right"]),
    );
    await lbctl("scale", "3");
  }, 120_000);

  test("servers of one's own name come, drain and go", async () => {
    const added = await json("add", "canary");
    expect(added.servers.map((server: { name: string }) => server.name)).toContain("canary");
    await lbctl("drain", "canary");
    const sent = await json("send", "--count", "500", "--no-charts");
    expect(sent.servers).not.toHaveProperty("canary");
    expect(sent).toMatchObject({ ok: 500, agreement: { matched: 500 } });
    const removed = await json("rm", "canary");
    expect(removed.servers).toHaveLength(3);
  }, 120_000);

  test("a killed server costs no request and is replaced", async () => {
    const before = await json("status");
    const burst = lbctl("send", "--count", "4000", "--concurrency", "16", "--json", "--no-charts");
    await lbctl("kill", "server-2");
    expect(JSON.parse((await burst).stdout)).toMatchObject({ ok: 4000, failed: 0 });
    await expect
      .poll(async () => (await json("status")).servers.map((server: { state: string }) => server.state), {
        timeout: 30_000,
      })
      .toEqual(["up", "up", "up"]);
    const after = await json("status");
    expect(after.replaced).toBeGreaterThan(before.replaced);
  }, 120_000);

  test("a frozen server is passed over and holds no change up, until it goes on", async () => {
    const states = async () => (await json("status")).servers.map((server: { state: string }) => server.state);
    await lbctl("pause", "server-1");
    await expect.poll(states, { timeout: 30_000 }).toEqual(["down", "up", "up"]);
    expect(await json("send", "--count", "300", "--key", "user-{n}", "--no-charts")).toMatchObject({
      ok: 300,
      agreement: { checked: 300, matched: 300 },
    });
    expect((await lbctl("scale", "2")).exitCode).toBe(0);
    await lbctl("pause", "server-1", "--undo");
    await expect.poll(states, { timeout: 30_000 }).toEqual(["up", "up"]);
  }, 120_000);

  test("logs show what the balancer said", async () => {
    const { stdout } = await lbctl("logs", "balancer");
    expect(stdout).toContain("listening");
  });

  test("down leaves nothing", async () => {
    const { exitCode } = await lbctl("down");
    expect(exitCode).toBe(0);
    expect(await leftovers(fleet, box.home)).toEqual([]);
    expect(await readdir(box.home)).toEqual([]);
    for (let p = port - 1; p <= port + 4; p++) await canListen(p);
    expect((await lbctl("down")).exitCode).toBe(0);
  }, 60_000);
});

/** Processes that carry this sandbox's folder in their command line or environment. */
async function leftProcesses(_: string, home: string): Promise<string[]> {
  const { stdout } = await execa("ps", ["axeww", "-o", "pid=,command="]);
  return stdout
    .split("\n")
    .filter((line) => line.includes(`LBCTL_HOME=${home}`) && /supervisor-main|dist\/image/.test(line));
}

async function leftContainers(fleet: string): Promise<string[]> {
  const label = `label=com.docker.compose.project=lbctl-${fleet}`;
  const lists = [
    ["ps", "--all"],
    ["network", "ls"],
    ["volume", "ls"],
  ];
  const found = await Promise.all(lists.map((list) => execa("docker", [...list, "--quiet", "--filter", label])));
  return found.flatMap(({ stdout }) => stdout.split("\n").filter((line) => line !== ""));
}

function canListen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
