import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshPort, type Sandbox, sandbox } from "../lbctl.ts";

// A policy and a hash of one's own on the command line: the examples, as the README has them.
let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
  await cp(new URL("../../examples", import.meta.url).pathname, join(box.folder, "examples"), { recursive: true });
});
afterAll(() => box[Symbol.asyncDispose]());

const [canary, djb2] = ["./examples/canary.js", "./examples/djb2.js"];
const json = async (...args: string[]) => JSON.parse((await box.run(...args, "--json", "--quiet")).stdout);
const put = (file: string, source: string) => writeFile(join(box.folder, file), source);

describe("the examples", () => {
  const port = String(freshPort());
  const study = [
    "--servers",
    "2..3",
    "--policy",
    `ring,${canary}:percent=20`,
    "--hash",
    `xxh64,${djb2}`,
    "--count",
    "400",
  ];

  test("in a study agree with the simulator in every count", async () => {
    const seen = await json("analyze", ...study, "--driver", "process", "--port", port, "--no-charts");
    const predicted = await json("analyze", ...study, "--simulate", "--no-charts");
    const figures = ({ latencyMs, agreement, failed, members, ...rest }: Record<string, unknown>) => rest;
    expect(seen.results.map(figures)).toEqual(predicted.results);
    for (const result of seen.results)
      expect(result).toMatchObject({ failed: 0, agreement: { checked: 400, matched: 400 } });
    expect(new Set(seen.results.map((one: { policy: string; hash: string }) => `${one.policy} ${one.hash}`)).size).toBe(
      4,
    );
    expect(await readdir(box.home)).toEqual([]);
  });

  test("run a fleet, of which the canary has its percentage", async () => {
    const up = ["up", "--driver", "process", "--port", port, "--policy", `${canary}:percent=20`, "--hash", djb2];
    expect((await box.run(...up)).exitCode).toBe(0);
    await box.run("add", "canary");
    const sent = await json("send", "--count", "3000", "--no-charts");
    expect(sent).toMatchObject({ ok: 3000, agreement: { checked: 3000, matched: 3000 } });
    expect(sent.policy).toMatch(/^canary\.js#\w{8}:percent=20$/);
    expect(sent.servers.canary).toBeGreaterThan(3000 * 0.15);
    expect(sent.servers.canary).toBeLessThan(3000 * 0.25);
    await box.run("drain", "canary");
    expect(await json("send", "--count", "300", "--no-charts")).toMatchObject({ ok: 300, agreement: { matched: 300 } });
  });

  test("stay as they were given when others are named, and go when they are named no more", async () => {
    const spec = async () => JSON.parse(await readFile(join(box.home, "default", "fleet.json"), "utf8")).spec;
    const files = async () => Object.keys((await spec()).modules).map((name) => name.split("#")[0]);
    await box.run("policy", "--key", "uri");
    expect(await files()).toEqual(["canary.js", "djb2.js"]);
    await box.run("policy", "ring");
    expect(await files()).toEqual(["djb2.js"]);
    await box.run("policy", "--hash", "md5", "--key", "client-ip");
    expect(await spec()).toMatchObject({ policy: "ring", hash: "md5", modules: {} });
  });

  test("place keys and compare, by names, options and whole paths", async () => {
    const placed = await box.run(
      "place",
      "alice",
      "bob",
      "--policy",
      `${canary}:percent=100`,
      "--servers",
      "a,b,canary-1",
    );
    expect(placed.stdout).toBe("alice\tcanary-1\nbob\tcanary-1");
    const hashed = join(box.folder, "examples", "djb2.js");
    const compared = await json("compare", `${canary}:percent=0/${hashed}@4`, `modulo/${djb2}@5`, "--keys", "2000");
    expect(compared.before).toMatch(/^canary\.js#\w{8}:percent=0\/djb2\.js#\w{8}@4$/);
    expect(compared.after).toMatch(/^modulo\/djb2\.js#\w{8}@5$/);
    expect(compared.keys).toBe(2000);
  });

  test("balance in the foreground", async () => {
    const at = freshPort();
    const servers = ["canary", "b"].flatMap((name, i) => ["--server", `${name}=127.0.0.1:${Number(port) + 1 + i}`]);
    const child = box.start([
      "balance",
      "--listen",
      `127.0.0.1:${at}`,
      ...servers,
      "--policy",
      `${canary}:percent=100`,
    ]);
    const response = () =>
      fetch(`http://127.0.0.1:${at}/home`).then(
        (reply) => reply.headers.get("x-served-by"),
        () => null,
      );
    await expect.poll(response, { timeout: 20_000 }).toBe("server-1");
    child.kill("SIGINT");
    expect((await child).exitCode).toBe(0);
  });
});

describe("a module that can't be", () => {
  beforeAll(async () => {
    await mkdir(join(box.folder, "bad"));
    await put("bad/empty.js", "");
    await put("bad/syntax.js", "export const build = (;");
    await put("bad/build.js", "export const build = (servers) => servers[99].name;");
    await put("bad/throws.js", "export const build = () => (key) => key.nothing.length;");
    await put("bad/hash.js", "export default (bytes) => -bytes.length;");
  });

  test.each([
    [["up", "--fleet", "none", "--driver", "process", "--policy", "./bad/empty.js"], /empty\.js#\w{8} has no policy/],
    [
      ["up", "--fleet", "none", "--driver", "process", "--policy", "./bad/syntax.js"],
      /syntax\.js#\w{8} is not JavaScript, in line 1/,
    ],
    [
      ["up", "--fleet", "none", "--driver", "process", "--policy", "./bad/build.js"],
      /build\.js#\w{8} failed to build for 3 servers/,
    ],
    [
      ["up", "--fleet", "none", "--driver", "process", "--hash", "./bad/hash.js"],
      /hash\.js#\w{8} returned -10 for "server-1#0"/,
    ],
    [["up", "--fleet", "none", "--driver", "process", "--hash", "./bad/none.js"], /none\.js can't be read \(ENOENT\)/],
    [["policy", "./bad/build.js"], /failed to build for 4 servers/],
    [
      ["analyze", "--simulate", "--no-charts", "--policy", "ring,./bad/throws.js"],
      /throws\.js#\w{8} failed on the key "10\./,
    ],
    [["compare", "ring@3", "./bad/throws.js@3"], /throws\.js#\w{8} failed on the key/],
    [["place", "alice", "--policy", "bad/throws.js"], /named by its path, which begins with/],
    [["balance", "--server", "a=127.0.0.1:1", "--policy", "./bad/empty.js"], /has no policy/],
  ])("is refused by lbctl %j in a sentence, and nothing is left behind", async (args, says) => {
    const { stderr, exitCode } = await box.run(...args);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(2);
    expect(await readdir(box.home)).toEqual(["default"]);
  });

  test("on every request costs the requests, and the fleet goes on", async () => {
    await box.run("policy", "./bad/throws.js");
    const sent = await box.run("send", "--count", "20", "--no-charts", "--json", "--quiet");
    expect(sent.exitCode).toBe(1);
    expect(JSON.parse(sent.stdout)).toMatchObject({ ok: 0, failed: 20, statuses: { "500": 20 } });
    const { stdout } = await box.run("logs", "balancer");
    expect(stdout).toMatch(/"type":"placement-failed","reason":"throws\.js#\w{8} failed on the key/);
    await box.run("policy", "ring");
    expect(await json("send", "--count", "20", "--no-charts")).toMatchObject({ ok: 20, failed: 0 });
  });
});
