import { expect, test } from "vitest";
import { sendTable } from "../../src/report/tables/send-table.ts";
import { named, sendResult } from "./samples.ts";

const look = { color: false, width: 80 };

test("the classroom over three servers", () => {
  expect(sendTable(sendResult([8359, 469, 1172]), look)).toMatchInlineSnapshot(`
    "10,000 requests in 2.00 s (5,000 a second)

    ───────────────────────────────────────────────────────────────────────────────
    Server    Requests   Share                                     Against the mean
    ───────────────────────────────────────────────────────────────────────────────
    server-1     8,359  83.6 %  █████████████████████████████████            +151 %
    server-2       469   4.7 %  █▉                                          −85.9 %
    server-3     1,172  11.7 %  ████▋                                       −64.8 %
    ───────────────────────────────────────────────────────────────────────────────

    Spread     107 % of the mean (cv): 3,333 ± 3,565 requests a server; the busiest
               has 2.51 times the mean; Gini 0.53
    Chance     perfect random placement would still show a cv of 1.4 %: this is more
               than chance (χ² test, p<0.001)
    Latency    p50 1.22 ms · p90 3.40 ms · p99 12.3 ms · p99.9 45.1 ms · max 131 ms
    Agreement  10,000 of 10,000 requests went where the placement code said: 100 %"
  `);
});

test("a closed form, failures, retries and a disagreement are told", () => {
  const result = sendResult([5000, 4997], {
    count: 10_000,
    failed: 3,
    errors: { "HTTP 503": 1, ECONNREFUSED: 2 },
    retried: 1,
    agreement: { checked: 9997, matched: 9996 },
  });
  const text = sendTable({ ...result, distribution: { ...result.distribution, expectedCv: 0.0557 } }, look);
  expect(text).toContain("10,000 requests in 2.00 s (4,999 a second), 3 of them failed");
  expect(text).toContain("Theory     the closed form of ring expects a cv of 5.6 %");
  expect(text).toContain("Errors     2 × ECONNREFUSED and 1 × HTTP 503");
  expect(text).toContain("Retries    1 request went on to another server after a failure");
  expect(text).toMatch(/9,996 of 9,997 requests went where the placement code said:\s+99.9 %/);
});

test("servers stand in the order in which people count", () => {
  const servers = { "server-10": 1, "server-2": 1, "server-1": 1 };
  const text = sendTable(sendResult([1, 1, 1], { servers }), look);
  expect(text.match(/server-\d+/g)).toStrictEqual(["server-1", "server-2", "server-10"]);
});

test.each([
  [[5100, 4900], "this is more than chance (χ² test, p=0.046)"],
  [[6000, 4000], "this is more than chance (χ² test, p<0.001)"],
  [[5020, 4980], "this is no more than chance (χ² test, p=0.689)"],
  [[5000, 5000], "this is more even than chance (χ² test, p=1.000)"],
])("what chance makes of %j", (counts, verdict) => {
  expect(sendTable(sendResult(counts), { color: false, width: 200 })).toContain(verdict);
});

test("one server has no spread to speak of", () => {
  const text = sendTable(sendResult([50]), look);
  expect(text).toMatch(/server-1 +50 +100 %/);
  expect(text).not.toContain("Chance");
});

test("a hundred servers are the ten busiest, the ten idlest, and a line between", () => {
  const text = sendTable(sendResult(Array.from({ length: 100 }, (_, i) => 51 + i)), look);
  expect(text.match(/server-\d+/g)).toHaveLength(20);
  expect(text).toContain("80 servers between them: 61 to 140 requests each");
  expect(text).toMatch(/server-100 +150 /);
});

test.each([
  ["nothing was sent", sendResult([])],
  ["no server had any", sendResult([0, 0])],
  ["all failed", sendResult([], { count: 5, failed: 5, errors: { ECONNREFUSED: 5 } })],
])("%s: no figure is made up", (_, result) => {
  const text = sendTable(result, look);
  expect(text).not.toMatch(/NaN|Infinity|undefined|Spread|Latency|Agreement/);
  expect(text.includes("5 × ECONNREFUSED")).toBe(result.failed > 0);
});

test.each([80, 100, 120])("it fits into %i columns", (width) => {
  for (const counts of [[1], [8359, 469, 1172], Array.from({ length: 60 }, (_, i) => 1_000_000 + i)])
    for (const line of sendTable(sendResult(counts), { color: false, width }).split("\n"))
      expect(line.length).toBeLessThanOrEqual(width);
});

test("long names are cut so that they still differ", () => {
  const names = [1, 2].map(
    (i) => `a-very-long-name-of-a-server-in-some-datacentre-${i}.somewhere.example.internal:8080`,
  );
  const servers = Object.fromEntries(names.map((name, i) => [name, Object.values(named([6, 4]))[i] ?? 0]));
  const lines = sendTable(sendResult([6, 4], { servers }), look).split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.some((line) => line.includes("centre-1.some") && line.includes(" 6 "))).toBe(true);
  expect(lines.some((line) => line.includes("centre-2.some") && line.includes(" 4 "))).toBe(true);
});
