import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
});
afterAll(() => box[Symbol.asyncDispose]());

const isPng = (bytes: Buffer) => bytes.subarray(1, 4).toString() === "PNG";

describe("analyze", () => {
  const port = String(freshPort());
  const study = [
    "--servers",
    "2..3",
    "--policy",
    "ring,classroom,round-robin",
    "--hash",
    "xxh64,md5",
    "--count",
    "600",
  ];

  test("live on a fleet of its own agrees with the simulator in every count, and leaves no fleet", async () => {
    const live = await box.spawn("analyze", ...study, "--driver", "process", "--port", port, "--json");
    expect(live.exitCode).toBe(0);
    const simulated = await box.run("analyze", ...study, "--simulate", "--json", "--no-charts");
    const [seen, predicted] = [JSON.parse(live.stdout), JSON.parse(simulated.stdout)];
    const figures = ({ latencyMs, agreement, failed, members, ...rest }: Record<string, unknown>) => rest;
    const keyed = (result: { policy: string }) => result.policy !== "round-robin";
    expect(seen.results.filter(keyed).map(figures)).toEqual(predicted.results.filter(keyed));
    expect(seen.mode).toBe("live");
    for (const result of seen.results.filter(keyed)) expect(result.agreement).toEqual({ checked: 600, matched: 600 });
    expect(seen.results.map((one: { failed: number }) => one.failed)).toEqual(Array(8).fill(0));
    expect(
      seen.results.map((one: { policy: string; hash: string; servers: number }) => [one.policy, one.hash, one.servers]),
    ).toEqual([
      ["ring", "xxh64", 2],
      ["ring", "xxh64", 3],
      ["ring", "md5", 2],
      ["ring", "md5", 3],
      ["classroom", null, 2],
      ["classroom", null, 3],
      ["round-robin", null, 2],
      ["round-robin", null, 3],
    ]);
    expect(seen.charts).toHaveLength(4);
    for (const chart of seen.charts) expect(isPng(await readFile(join(box.folder, chart)))).toBe(true);
    expect(await readdir(box.home)).toEqual([]);
  });

  test("is shown again by report, tables and charts", async () => {
    const shown = await box.run("report");
    expect(shown).toMatchObject({ exitCode: 0 });
    expect(shown.stdout).toContain("classroom");
  });

  test("puts the running fleet back as it was, and lets drained servers take part", async () => {
    await box.run("up", "--driver", "process", "--port", port, "--servers", "2", "--policy", "maglev");
    await box.run("drain", "server-1");
    const study = ["analyze", "--servers", "1,3", "--policy", "ring", "--count", "200", "--no-charts", "--json"];
    const { results } = JSON.parse((await box.run(...study)).stdout);
    expect(results).toMatchObject([
      { servers: 1, counts: { "server-1": 200 } },
      { servers: 3, count: 200, moved: { fromServers: 1 } },
    ]);
    const status = JSON.parse((await box.run("status", "--json")).stdout);
    expect(status).toMatchObject({
      policy: "maglev",
      servers: [
        { name: "server-1", state: "draining" },
        { name: "server-2", state: "up" },
      ],
    });
    await box.run("drain", "server-1", "--undo");
  });

  test("a step that fails keeps those before it, and says what is wrong", async () => {
    const squatter = createServer().listen(Number(port) + 4, "127.0.0.1");
    await once(squatter, "listening");
    const { stdout, stderr, exitCode } = await box.run(
      "analyze",
      "--servers",
      "2..4",
      "--policy",
      "ring",
      "--count",
      "100",
      "--json",
      "--no-charts",
    );
    squatter.close();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Port \d+ is taken/);
    expect(JSON.parse(stdout.split("\n")[0] ?? "").results).toHaveLength(2);
  });

  test("of a fleet that is taken down meanwhile ends, and does not bring it up again", async () => {
    const lone = String(freshPort());
    await box.run("up", "--fleet", "lone", "--driver", "process", "--port", lone, "--servers", "1");
    const study = ["--fleet", "lone", "--servers", "1..2", "--policy", "ring", "--count", "1000000", "--no-charts"];
    const child = box.start(["analyze", ...study, "--out", "lone"]);
    const requests = async () =>
      JSON.parse((await box.run("status", "--fleet", "lone", "--json")).stdout).servers[0].requests;
    await expect.poll(requests, { timeout: 20_000 }).toBeGreaterThan(0);
    await box.run("down", "--fleet", "lone");
    const { exitCode, stderr } = await child;
    expect(String(stderr)).toMatch(/stopped responding in the middle of the study/);
    expect(exitCode).toBe(1);
    expect(await readdir(box.home)).not.toContain("lone");
    expect(await readdir(join(box.folder, "lone"))).toEqual([]);
  });

  test("offline, few clients send many requests each, as live", async () => {
    const { stdout } = await box.run(
      "analyze",
      "--simulate",
      "--servers",
      "2",
      "--policy",
      "ring",
      "--clients",
      "1",
      "--count",
      "50",
      "--json",
      "--no-charts",
    );
    expect(Object.values(JSON.parse(stdout).results[0].counts).sort()).toEqual([0, 50]);
  });
});

describe("send", () => {
  test("sends exactly what is asked, and keeps every hit", async () => {
    const sent = JSON.parse(
      (await box.spawn("send", "--count", "401", "--concurrency", "50", "--save-hits", "--json")).stdout,
    );
    expect(sent).toMatchObject({ count: 401, ok: 401, statuses: { 200: 401 } });
    const hits = (await readFile(join(box.folder, "reports", sent.run, "hits.csv"), "utf8")).trim().split("\n");
    expect(hits).toHaveLength(402);
    expect(new Set(hits.slice(1).map((line) => line.split(",")[1])).size).toBe(401);
    expect(isPng(await readFile(join(box.folder, "reports", sent.run, "load.png")))).toBe(true);
  });

  test("POSTs a body when asked, as one client of many", async () => {
    const args = ["send", "--count", "60", "--clients", "1", "--body", "100000", "--json", "--no-charts"];
    const sent = JSON.parse((await box.run(...args)).stdout);
    expect(sent.ok).toBe(60);
    expect(Object.values(sent.servers).filter((n) => n !== 0)).toEqual([60]);
  });

  test("a threshold that is missed exits with 99 and says which", async () => {
    const { exitCode, stderr } = await box.run("send", "--count", "50", "--expect", "failed<=0,ok<10", "--no-charts");
    expect(stderr).toContain("Expected ok<10, but ok is 50.");
    expect(exitCode).toBe(99);
  });

  test("requests that fail make it fail, and one that nothing answers any more is given up", async () => {
    const port = freshPort();
    await box.run("up", "--fleet", "brief", "--driver", "process", "--port", String(port), "--servers", "1");
    const child = box.start([
      "send",
      "--fleet",
      "brief",
      "--count",
      "100000000",
      "--json",
      "--no-charts",
      "--save-hits",
      "--out",
      "gone",
    ]);
    const written = async () => {
      const [run = ""] = await readdir(join(box.folder, "gone")).catch(() => []);
      return (await readFile(join(box.folder, "gone", run, "hits.csv"), "utf8").catch(() => "")).length;
    };
    await expect.poll(written, { timeout: 20_000 }).toBeGreaterThan(10_000);
    await box.run("down", "--fleet", "brief");
    const { stdout, stderr, exitCode } = await child;
    expect(exitCode).toBe(1);
    expect(String(stderr)).toMatch(/Nothing responds any more: \d+ requests were not sent/);
    expect(JSON.parse(String(stdout)).changes).toEqual(["the balancer no longer responds"]);
  });

  test("few clients are said to be few, not more uneven than chance", async () => {
    const { stdout } = await box.run("send", "--count", "300", "--clients", "5", "--no-charts");
    expect(stdout).toMatch(/only 5 clients sent them/);
    expect(stdout).not.toMatch(/χ²/);
  });

  test("Ctrl-C keeps what was seen and exits with 130", async () => {
    const child = box.start(["send", "--count", "100000000", "--json", "--no-charts", "--save-hits", "--out", "cut"]);
    // The first hits are on the disk: the burst is under way.
    await expect.poll(async () => (await newestHits())?.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(10_000);
    child.kill("SIGINT");
    const { stdout, exitCode } = await child;
    expect(exitCode).toBe(130);
    const sent = JSON.parse(String(stdout));
    expect(sent.count).toBeGreaterThan(0);
    expect(sent.failed).toBe(0);
    const saved = JSON.parse(await readFile(join(box.folder, "cut", sent.run, "run.json"), "utf8"));
    expect(saved.result).toEqual(sent);
  });

  async function newestHits(): Promise<string | undefined> {
    const [run = ""] = await readdir(join(box.folder, "cut")).catch(() => []);
    return readFile(join(box.folder, "cut", run, "hits.csv"), "utf8").catch(() => undefined);
  }
});

describe("up", () => {
  test("Ctrl-C rolls back: no process, port or state is left", async () => {
    const port = freshPort();
    const child = box.start([
      "up",
      "--fleet",
      "late",
      "--driver",
      "process",
      "--port",
      String(port),
      "--servers",
      "12",
    ]);
    await expect.poll(() => responses(`http://127.0.0.1:${port + 1}/heartbeat`), { timeout: 20_000 }).toBe(true);
    child.kill("SIGINT");
    const { exitCode, stderr } = await child;
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 130 });
    expect(await readdir(box.home)).not.toContain("late");
    expect(await responses(`http://127.0.0.1:${port + 1}/heartbeat`)).toBe(false);
  });

  const responses = (url: string) =>
    fetch(url).then(
      (response) => response.ok,
      () => false,
    );
});

describe("balance", () => {
  test("forwards to the servers it is given, and ends with 0 once it has drained", async () => {
    const names = ["a", "b"];
    const servers = names.map((name) =>
      createHttpServer((_, response) => response.setHeader("x-served-by", name).end(name)),
    );
    for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
    const listen = `127.0.0.1:${freshPort()}`;
    const flags = servers.flatMap((server, i) => [
      "--server",
      `${names[i]}=127.0.0.1:${(server.address() as AddressInfo).port}*${i + 1}`,
    ]);
    const child = box.start([
      "balance",
      "--listen",
      listen,
      ...flags,
      "--key",
      "query:user",
      "--via",
      "--max-body",
      "9",
    ]);
    const bodyOf = async (user: number) => (await fetch(`http://${listen}/x?user=${user}`)).text();
    await expect.poll(() => bodyOf(1).catch(() => ""), { timeout: 20_000 }).toMatch(/^[ab]$/);
    const seen = await Promise.all(Array.from({ length: 60 }, (_, i) => bodyOf(i)));
    const keys = Array.from({ length: 60 }, (_, i) => String(i));
    const placed = (await box.run("place", ...keys, "--servers", "a,b*2")).stdout
      .split("\n")
      .map((line) => line.split("\t")[1]);
    expect(seen).toEqual(placed);
    const limited = await fetch(`http://${listen}/`, { method: "POST", body: "0123456789" });
    expect([limited.status, (await fetch(`http://${listen}/`)).headers.get("via")]).toEqual([413, "1.1 lbctl"]);
    child.kill("SIGTERM");
    expect((await child).exitCode).toBe(0);
    for (const server of servers) server.close();
  });
});

describe("place", () => {
  test("prints key and server, the same for a file, standard input and arguments", async () => {
    const direct = await box.run("place", "alice", "bob", "--servers", "a,b*2,c");
    expect(direct.stdout).toMatch(/^alice\t[abc]\nbob\t[abc]$/);
    const child = box.start(["place", "--keys", "-", "--servers", "a,b*2,c"]);
    child.stdin?.end("alice\nbob\n");
    expect(String((await child).stdout)).toBe(direct.stdout);
    const asJson = JSON.parse((await box.run("place", "alice", "bob", "--servers", "a,b*2,c", "--json")).stdout);
    expect(
      asJson.placements.map(({ key, server }: { key: string; server: string }) => `${key}\t${server}`).join("\n"),
    ).toBe(direct.stdout);
    expect(asJson).toMatchObject({ schemaVersion: 1, policy: "ring" });
  });

  test("shows the first owners of a key, each of which takes it when those before are down, and how it comes to them", async () => {
    const place = async (...more: string[]) => (await box.run("place", "alice", "--servers", "5", ...more)).stdout;
    const [key, first = "", second = "", ...rest] = (await place("--owners", "4")).split("\t");
    expect([key, rest.length]).toEqual(["alice", 2]);
    expect(await place()).toBe(`alice\t${first}`);
    expect(await place("--down", first)).toBe(`alice\t${second}`);
    const lines = (await place("--owners", "2", "--explain")).split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(lines.map(([label]) => label)).toEqual(["alice", "hash", "place", "point", "owner", "next"]);
    expect([lines[4]?.[1], lines[5]?.[1]]).toEqual([first, second]);
    expect(lines[3]?.[1]).toContain(first);
    const [explained] = JSON.parse(await place("--owners", "2", "--explain", "--json")).placements;
    expect(explained).toMatchObject({ server: first, owners: [first, second], ring: { server: first } });
  });

  test("goes on to the next candidate when a server is down", async () => {
    const [, first] = (await box.run("place", "alice")).stdout.split("\t");
    const second = await box.run("place", "alice", "--down", first as string);
    expect(second.stdout).toMatch(/^alice\tserver-/);
    expect(second.stdout).not.toContain(first);
  });

  test("ends quietly when its reader has seen enough", async () => {
    const child = box.start(["place", "--keys", "-"]);
    const stdin = child.stdin;
    stdin?.on("error", () => {});
    for (let i = 0; i < 1000; i++) stdin?.write(`key-${i}\n`);
    await once(child.stdout ?? child, "data");
    child.stdout?.destroy();
    for (let i = 0; i < 200_000; i++) stdin?.write(`key-${i}\n`);
    stdin?.end();
    const { exitCode, stderr } = await child;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });
});
