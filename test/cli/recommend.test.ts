import { afterAll, beforeAll, expect, test } from "vitest";
import type { RecommendResult } from "../../src/results/recommend.ts";
import { type Sandbox, sandbox } from "../lbctl.ts";

let lbctl: Sandbox;
beforeAll(async () => {
  lbctl = await sandbox();
});
afterAll(() => lbctl[Symbol.asyncDispose]());

const few = ["--keys", "20000", "--runs", "1"];

async function recommend(...args: string[]): Promise<RecommendResult & { exitCode: number | undefined }> {
  const { stdout, exitCode } = await lbctl.spawn("recommend", "--json", ...few, ...args);
  return { ...JSON.parse(stdout), exitCode };
}

test("what is even and stable enough comes first, with what it costs; the rest says what it misses", async () => {
  const { candidates, exitCode } = await recommend(
    "--servers",
    "10",
    "--policy",
    "modulo,classroom,jump,rendezvous,ring:vnodes=1000",
  );
  expect(exitCode).toBe(0);
  expect(
    candidates
      .filter(({ meets }) => meets)
      .map(({ policy }) => policy)
      .sort(),
  ).toEqual(["rendezvous", "ring:vnodes=1000"]);
  const of = (name: string) => candidates.find(({ policy }) => policy === name);
  expect(of("classroom")?.reasons[0]).toMatch(/^its peak comes to 6/);
  expect(of("modulo")?.add).toMatchObject({ fraction: expect.closeTo(10 / 11, 1), least: expect.closeTo(1 / 11, 9) });
  expect(of("jump")?.add.ratio).toBeLessThan(1.2);
  expect(of("jump")?.reasons).toEqual([expect.stringMatching(/only the last can leave/)]);
  for (const { cost } of candidates) {
    expect(cost.lookupNs).toBeGreaterThan(0);
    expect(cost.bytes).toBeGreaterThanOrEqual(0);
  }
});

test("nothing that meets the limits is a threshold missed, and the table says which is nearest", async () => {
  const { stdout, exitCode } = await lbctl.spawn("recommend", ...few, "--policy", "modulo,classroom", "--servers", "5");
  expect(exitCode).toBe(99);
  expect(stdout).toMatch(/None +meets both; the nearest is \w+: /);
});

test("a key hotter than the peak is told, and only a bounded ring meets it", async () => {
  const args = ["--servers", "20", "--zipf", "1.5", "--moved", "50x", "--policy", "ring,maglev,ring:bounded=110"];
  const { candidates, hottestKey } = await recommend(...args);
  expect(hottestKey?.overShare).toBeGreaterThan(5);
  expect(candidates.filter(({ meets }) => meets)).toMatchObject([{ policy: "ring:bounded=110" }]);
  expect(candidates[0]?.spilled).toBeGreaterThan(0.1);
});

test("weights count, and a policy that ignores them shows it", async () => {
  const { candidates } = await recommend("--servers", "a*3,b,c", "--policy", "modulo,rendezvous");
  expect(candidates.map(({ policy, meets }) => [policy, meets])).toEqual([
    ["rendezvous", true],
    ["modulo", false],
  ]);
});

test("what has no room is left out", async () => {
  const { leftOut, candidates } = await recommend("--servers", "60", "--policy", "classroom,rendezvous", "--peak", "2");
  expect(leftOut).toMatchObject([{ policy: "classroom" }]);
  expect(candidates).toHaveLength(1);
});

test.each([
  [["--peak", "0.9"], /--peak takes a number over 1, such as 1.1/],
  [["--moved", "x"], /--moved takes a number over 1, such as 1.2x/],
  [["--servers", "2..6"], /--servers takes one number here/],
  [["--policy", "rnig"], /did you mean ring/],
])("%j is a mistake", async (args, message) => {
  const { stderr, exitCode } = await lbctl.spawn("recommend", ...args);
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});
