import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnalyzeResult } from "../../src/results/run.ts";
import { type Sandbox, sandbox } from "../lbctl.ts";

/** `analyze --simulate` as people ask for it. */
let lbctl: Sandbox;
beforeAll(async () => {
  lbctl = await sandbox();
  await mkdir(join(lbctl.folder, "keys"));
});
afterAll(() => lbctl[Symbol.asyncDispose]());

async function study(...args: string[]): Promise<AnalyzeResult> {
  const { stdout, stderr, exitCode } = await lbctl.run("analyze", "--simulate", "--json", "--no-charts", ...args);
  expect([stderr.replace(/^Saved.*/, ""), exitCode]).toEqual(["", 0]);
  return JSON.parse(stdout);
}

const file = async (name: string, content: string | Buffer): Promise<string> => {
  const path = join(lbctl.folder, "keys", name);
  await writeFile(path, content);
  return path;
};

describe("server counts", () => {
  test("go on where there is a …, and what has no room is left out, saying so", async () => {
    const { results, leftOut } = await study(
      "--servers",
      "16,32,64,…,256",
      "--policy",
      "maglev,classroom",
      "--count",
      "5000",
    );
    expect(results.map(({ policy, servers }) => `${policy} ${servers}`)).toEqual([
      ...[16, 32, 64, 128, 256].map((n) => `maglev ${n}`),
      "classroom 16",
      "classroom 32",
    ]);
    expect(leftOut).toMatchObject([{ policy: "classroom", servers: [64, 128, 256] }]);
    const { stdout } = await lbctl.run("report", "--no-charts");
    expect(stdout).toMatch(/Left out +classroom on 64, 128 and 256 servers: /);
  });

  test("may be names with weights, which their shares are measured against", async () => {
    const { results } = await study("--servers", "big*3,small,tiny*0.5", "--policy", "maglev", "--count", "90000");
    const [point] = results;
    expect(point?.weights).toEqual({ big: 3, small: 1, tiny: 0.5 });
    expect(point?.counts.big).toBeGreaterThan(59_000);
    expect(point?.peakToMean).toBeGreaterThan(1.9);
    expect(point?.byWeight?.peakToMean).toBeLessThan(1.05);
    expect(point?.expectedCv).toBeNull();
  });

  test("take weights by turns; the least that moves is by weight", async () => {
    const { results } = await study(
      "--servers",
      "2,3",
      "--weights",
      "1,2",
      "--policy",
      "rendezvous",
      "--count",
      "30000",
    );
    expect(results[1]?.weights).toEqual({ "server-1": 1, "server-2": 2, "server-3": 1 });
    expect(results[1]?.moved?.ideal).toBeCloseTo(1 / 4, 12);
    expect(results[1]?.moved?.fraction).toBeCloseTo(1 / 4, 1);
  });
});

describe("runs", () => {
  test("have the figures of the first, and mean ± sd over all of them", async () => {
    const args = ["--servers", "3,4", "--policy", "ring", "--count", "20000"];
    const [single, several] = [await study(...args), await study(...args, "--runs", "5")];
    expect(several.results.map(({ runs: _, ...point }) => point)).toEqual(single.results);
    for (const { runs, expectedCv } of several.results) {
      expect(runs?.count).toBe(5);
      expect(runs?.cv.sd).toBeGreaterThan(0);
      expect(runs?.cv.mean).toBeGreaterThan((expectedCv ?? 0) / 4);
    }
    expect(several.results[0]?.runs?.moved).toBeNull();
    expect(several.results[1]?.runs?.moved?.mean).toBeCloseTo(1 / 4, 1);
    const { stdout } = await lbctl.run("report", "--no-charts");
    expect(stdout).toMatch(/Runs +mean ± standard deviation of 5/);
  });
});

describe("keys", () => {
  test("by Zipf's law show the peak by requests beside that by keys, and the hot keys", async () => {
    const { results, workload } = await study(
      "--servers",
      "20",
      "--policy",
      "maglev",
      "--keys",
      "50000",
      "--zipf",
      "1.2",
    );
    expect(workload).toEqual({ kind: "zipf", exponent: 1.2, keys: 50_000, requests: 50_000 });
    const [point] = results;
    expect(point?.byKeys?.peakToMean).toBeLessThan(1.2);
    expect(point?.peakToMean).toBeGreaterThan(3);
    const hottest = point?.hotKeys?.keys[0];
    expect(hottest?.requests).toBeGreaterThan(50_000 / 20);
    expect(point?.max).toBeGreaterThanOrEqual(hottest?.requests ?? Number.POSITIVE_INFINITY);
    expect(point?.hotKeys?.count).toBeGreaterThanOrEqual(2);
  });

  test("that are hot do not unbalance a policy that goes by requests", async () => {
    const { results } = await study(
      "--servers",
      "7",
      "--policy",
      "round-robin,ring:bounded=110",
      "--keys",
      "7000",
      "--zipf",
      "1.2",
    );
    const [turns, bounded] = results;
    expect(turns?.peakToMean).toBe(1);
    expect(bounded?.peakToMean).toBeLessThan(1.11);
    expect(turns?.byKeys).toBeUndefined();
  });

  test("of an access log are counted, packed or not", async () => {
    const line = (host: string) => `${host} - - [22/Nov/2026:10:00:00 +0000] "GET /a?b HTTP/1.1" 200 12\n`;
    const text = `${line("10.0.0.1").repeat(60)}${line("10.0.0.2").repeat(3)}${line("10.0.0.3")}spoiled\n`;
    const paths = [await file("access.log", text), await file("access.log.gz", gzipSync(text))];
    for (const path of paths) {
      const args = ["--servers", "2", "--policy", "ring", "--keys-file", path, "--key-field", "host"];
      const { results, workload } = await study(...args);
      expect(workload).toEqual({ kind: "file", file: path, keys: 3, requests: 64, lines: 65, withoutKey: 1 });
      expect(results[0]).toMatchObject({
        count: 64,
        keys: 3,
        hotKeys: { count: 1, keys: [{ key: "10.0.0.1", requests: 60 }] },
      });
    }
  });

  test("fewer than requests come again and again", async () => {
    const { results } = await study("--servers", "3", "--policy", "ring", "--keys", "10", "--count", "1005");
    expect(results[0]).toMatchObject({ count: 1005, keys: 10 });
    expect(results[0]?.hotKeys).toBeUndefined();
  });
});

test.each([
  [["--runs", "3"], /--runs is for a study offline: add --simulate/],
  [["--simulate", "--runs", "0"], /--runs takes a whole number from 1 to 1000/],
  [["--simulate", "--weights", "1,0"], /weight of server-2 is 0/],
  [["--simulate", "--weights", "1,-2"], /weight/],
  [["--simulate", "--servers", "a,b", "--weights", "1,2"], /--weights goes with numbers of servers/],
  [["--simulate", "--servers", "a,b,a"], /"a" is given twice/],
  [["--simulate", "--servers", "2,3,5,…,9"], /A … goes on from three numbers/],
  [["--simulate", "--zipf", "-1"], /--zipf takes an exponent/],
  [["--simulate", "--keys", "5", "--clients", "5"], /--keys and --clients say the same/],
  [["--simulate", "--keys-file", "none", "--zipf", "1"], /--zipf makes keys/],
  [["--simulate", "--key-field", "1"], /--key-field says where the keys of a --keys-file are/],
  [["--simulate", "--servers", "600", "--policy", "classroom"], /512 slots/],
  [["--servers", "a*2,b"], /--servers takes a number/],
])("%j is a mistake, reported in one sentence", async (args, message) => {
  const { stderr, stdout, exitCode } = await lbctl.run("analyze", ...args);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect([stdout, exitCode]).toEqual(["", 2]);
});

test("runs over the same servers and keys are refused", async () => {
  const path = await file("few.txt", "a\nb\n");
  const { stderr, exitCode } = await lbctl.run(
    "analyze",
    "--simulate",
    "--servers",
    "a,b",
    "--keys-file",
    path,
    "--runs",
    "2",
  );
  expect(stderr).toMatch(/--runs draws new clients and new server names/);
  expect(exitCode).toBe(2);
});

describe("the charts that are asked for", () => {
  const names = (paths: readonly string[]) => paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
  const always = ["load-per-server.png", "mean-vs-servers.png", "spread.png", "moved.png"];

  test("are drawn beside those that always are, and again by report, which can draw others", async () => {
    const small = ["--servers", "2,3", "--policy", "ring,classroom", "--count", "500", "--out", "asked"];
    const { stdout, exitCode } = await lbctl.run("analyze", "--simulate", ...small, "--chart", "cdf,ring", "--json");
    expect(exitCode).toBe(0);
    const { charts }: AnalyzeResult = JSON.parse(stdout);
    expect(names(charts)).toEqual([...always, "ring.png", "load-cdf.png"]);
    for (const path of charts) await rm(join(lbctl.folder, path));
    const again = await lbctl.run("report", "--out", "asked");
    expect(again.stderr).toMatch(/^Drew .*moved\.png, ring\.png, load-cdf\.png in /);
    for (const path of charts) expect((await stat(join(lbctl.folder, path))).size).toBeGreaterThan(10_000);
    const others = await lbctl.run("report", "--out", "asked", "--chart", "moved,vnodes");
    expect(others.stderr).toMatch(/moved\.png, spread-vs-vnodes\.png, moved-by-policy\.png in /);
  });

  test("are of the servers' own weights and addresses", async () => {
    const servers = "a=10.0.0.1:80*3,b=10.0.0.2:80";
    const study = ["--servers", servers, "--policy", "haproxy:key=addr-port", "--count", "500", "--out", "named"];
    const { stdout, stderr } = await lbctl.run("analyze", "--simulate", ...study, "--chart", "ring", "--json");
    expect(stderr).toMatch(/ring\.png\.$/);
    expect(JSON.parse(stdout).results[0].members).toEqual(servers.split(","));
  });

  test("that can't be drawn are missed in a sentence", async () => {
    const study = ["analyze", "--simulate", "--servers", "3", "--policy", "maglev", "--count", "500", "--out", "none"];
    const { stderr, exitCode } = await lbctl.run(...study, "--chart", "ring");
    expect([stderr.split("\n").at(-1), exitCode]).toEqual(["There is no ring to draw of maglev.", 0]);
  });
});
