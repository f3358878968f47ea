import { expect, test } from "vitest";
import { analyzeTable } from "../../src/report/tables/analyze-table.ts";
import { analyzeResult, sendResult, studyPoint, twoPolicies } from "./samples.ts";

const look = { color: false, width: 80 };

test("a block a policy, a row a number of servers, and what follows from the figures", () => {
  expect(analyzeTable(twoPolicies(), look)).toMatchInlineSnapshot(`
    "────────────────────────────────────────────────────────────
    N      mean ± sd    cv  chance  peak ÷       χ²      moved %
                         %    cv %    mean  p-value      (least)
    ────────────────────────────────────────────────────────────
    classroom (xxh64)
    2  5,000 ± 4,531  90.6     1.0    1.91   <0.001            –
    3  3,333 ± 3,565   107     1.4    2.51   <0.001  11.7 (33.3)
    jump (xxh64)
    2     5,000 ± 10   0.2     1.0    1.00    0.841            –
    3     3,333 ± 12   0.4     1.4    1.00    0.939  33.3 (33.3)
    ────────────────────────────────────────────────────────────

    Evenness  jump (xxh64) is the most even, with a cv of 0.3 % on average, where
              perfect random placement would show 1.2 %; classroom (xxh64) is the
              least, with 98.8 %.
    Movement  an even placement must move 33.3 % of the keys a step; nearest to it
              is jump (xxh64) with 33.3 %, farthest is classroom (xxh64) with
              11.7 %, which leaves its new servers short of work."
  `);
});

test("one policy is described, not compared", () => {
  const points = twoPolicies().results.filter((point) => point.policy === "jump");
  const text = analyzeTable(analyzeResult(points), look);
  expect(text).toContain("jump (xxh64) spreads the load with a cv of");
  expect(text).not.toContain("the most even");
});

test("the least moved is the nearest to the ideal, not the one whose new servers stay idle", () => {
  const text = analyzeTable(twoPolicies(), look).replaceAll(/\s+/g, " ");
  expect(text).toContain(
    "an even placement must move 33.3 % of the keys a step; nearest to it is jump (xxh64) with 33.3 %",
  );
  expect(text).toContain("farthest is classroom (xxh64) with 11.7 %, which leaves its new servers short of work.");
});

test("without a step nothing is said of movement", () => {
  expect(analyzeTable(analyzeResult([studyPoint("ring", [5, 5])]), look)).not.toContain("Movement");
});

test("a live study shows latency and agreement", () => {
  const live = { latencyMs: sendResult([1]).latencyMs, agreement: { checked: 10, matched: 10 } };
  const text = analyzeTable(analyzeResult([{ ...studyPoint("ring", [5, 5]), ...live }], { mode: "live" }), look);
  expect(text).toContain("12.3 ms");
  expect(text).toContain("10 of 10 requests went where the placement code said: 100 %");
});

test("a closed form is shown where there is one", () => {
  const text = analyzeTable(analyzeResult([{ ...studyPoint("ring", [5, 5]), expectedCv: 0.267 }]), look);
  expect(text).toContain("26.7");
});

test("points come in order of servers, whatever the order of the file", () => {
  const text = analyzeTable(analyzeResult(twoPolicies().results.toReversed()), look);
  expect(text.match(/^\d/gm)).toStrictEqual(["2", "3", "2", "3"]);
});

test.each([[[]], [[studyPoint("ring", [])]], [[studyPoint("ring", [0, 0])]], [[studyPoint("ring", [9])]]])(
  "nothing is made up from nothing: %#",
  (points) => {
    expect(analyzeTable(analyzeResult(points), look)).not.toMatch(/NaN|Infinity|undefined/);
  },
);

test("it fits into 80 columns with millions of keys and a latency", () => {
  const point = studyPoint("ring", [1_500_000, 1_499_000], { from: 1, fraction: 0.5 });
  const text = analyzeTable(analyzeResult([{ ...point, latencyMs: sendResult([1]).latencyMs }]), look);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
