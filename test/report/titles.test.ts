import { describe, expect, test } from "vitest";
import { loadTitle } from "../../src/report/charts/load-title.ts";
import { movedTitle } from "../../src/report/charts/moved-title.ts";
import { ringTitle } from "../../src/report/charts/ring-title.ts";
import { spreadTitle } from "../../src/report/charts/spread-title.ts";
import { groupsOf, labelsOf } from "../../src/results/groups.ts";
import { analyzeResult, named, studyPoint, twoPolicies } from "./samples.ts";

const load = (label: string, counts: number[]) => ({ label, counts: named(counts) });
const classroom = load("classroom", [8359, 469, 1172]);

describe("the title of the loads", () => {
  test.each([
    [[classroom], "classroom sends 84 % of the load to one of 3 servers"],
    [[load("ring", [3600, 3300, 3100])], "ring keeps all 3 servers within 8 % of an even share"],
    [
      [load("ring", [3633, 3200, 3167]), classroom, load("maglev", [3340, 3330, 3330])],
      "classroom sends 84 % of the load to one of 3 servers; maglev and ring stay within 9 % of even",
    ],
    [[load("ring", [105, 95]), load("jump", [101, 99])], "Both policies keep 2 servers within 5 % of an even share"],
    [
      [load("a", [150, 50]), load("b", [140, 60]), load("c", [150, 50])],
      "Under all 3 policies, servers are up to 50 % off an even share",
    ],
    [[load("ring", [900, ...Array(99).fill(1)])], "ring gives one of 100 servers 90.1 times its even share"],
    [[load("ring", [7])], "A single server takes all requests"],
    [[load("ring", [0, 0])], "No server had a request"],
    [[load("ring", [])], "No server had a request"],
    [[], "No server had a request"],
    [
      [{ ...load("ring", [52, 48]), weights: named([1, 1.5]) }],
      "ring sends 52 % of the load to one of 2 servers, whose share is 40 %",
    ],
    [
      [{ ...load("ring", [30, 70]), weights: named([1, 2]) }],
      "ring keeps all 2 servers within 10 % of their shares by weight",
    ],
  ])("%#: %s", (loads, title) => {
    expect(loadTitle(loads)).toBe(title);
  });
});

describe("the title of the rings", () => {
  const ring = {
    names: [],
    points: new Float64Array(),
    owners: new Uint16Array(),
    ends: new Float64Array(),
    shares: new Float64Array(),
  };
  const picture = (label: string, counts: number[], more = {}) => ({
    label,
    ring,
    point: { ...studyPoint(label, counts), ...more },
  });
  const uneven = picture("classroom", [8359, 469, 1172]);
  test.each([
    [[uneven], "classroom: server-1 has 84 % of the keys"],
    [[picture("ring", [34, 33, 33])], "ring: server-1 has 34 % of the keys, 2 % over its share"],
    [
      [picture("ring", [33, 33, 34]), uneven],
      "classroom: server-1 has 84 % of the keys; ring: server-3 has 34 % of the keys",
    ],
    [
      [picture("ring", [52, 48]), picture("nginx", [49, 51])],
      "On both rings, no server has more than 4 % over its share",
    ],
    [
      [picture("classroom", [1]), picture("classroom", [95, 5]), uneven],
      "classroom: the busiest of 2 servers has 95 % of the keys, the busiest of 3 84 % of the keys",
    ],
    [[picture("ring", [...Array(19).fill(1), 6])], "ring: server-20 has 4.8 times its share"],
    [
      [picture("ring", [30, 70], { weights: named([1, 1.5]), chanceCv: 0.1 })],
      "ring: server-2 has 70 % of the requests (60 % by weight), 17 % over its share",
    ],
    [[picture("ring", [7])], "A single server takes all requests"],
    [[picture("ring", [0, 0])], "No server had a request"],
  ])("%#: %s", (pictures, title) => {
    expect(ringTitle(pictures)).toBe(title);
  });
});

describe("the title of the movement", () => {
  const moves = (label: string, fraction: number) => ({ label, steps: [{ from: 3, to: 4, fraction, ideal: 0.25 }] });
  test.each([
    [[moves("modulo", 0.75)], "modulo moves 75 % of the keys at a step; the least possible is 25 %"],
    [
      [moves("modulo", 0.75), moves("ring", 0.262), moves("jump", 0.25)],
      "modulo moves 75 % of the keys at a step, 3.0 times the least possible; jump and ring are within 1.2 points of the least on average",
    ],
    [
      [moves("classroom", 0.04), moves("jump", 0.25)],
      "classroom moves only 4 % of the keys at a step and leaves its new servers short of work; jump is within 0.1 points of the least on average",
    ],
    [
      [moves("ring", 0.26), moves("jump", 0.25)],
      "Both policies move about the least possible: 25 % of the keys at a step",
    ],
    [[moves("a", 0), moves("b", 0)], "No key changed its server"],
  ])("%#: %s", (series, title) => {
    expect(movedTitle(series)).toBe(title);
  });
});

describe("the title of the spread", () => {
  const titleOf = (points: Parameters<typeof groupsOf>[0]) => {
    const groups = groupsOf(points);
    return spreadTitle(groups, labelsOf(groups));
  };
  test("names the widest, and who does as well as chance", () => {
    expect(titleOf(twoPolicies().results)).toBe(
      "classroom spreads its load by 99 % on average, where chance alone leaves 1.2 %; jump does no worse than chance",
    );
  });
  test("says so when all are as good as chance", () => {
    const [even, also] = [studyPoint("jump", [50, 50]), studyPoint("maglev", [51, 49])];
    expect(titleOf([even, also])).toBe("No policy is more uneven than chance alone makes it");
    expect(titleOf([even])).toBe("jump is no more uneven than chance alone makes it");
  });
});

test("a label is the policy alone where that says which", () => {
  const points = ["xxh64", "md5"].map((hash) => ({ ...studyPoint("ring", [1, 1]), hash }));
  const groups = groupsOf(analyzeResult([...points, { ...studyPoint("random", [1, 1]), hash: null }]).results);
  expect(labelsOf(groups)).toStrictEqual(["ring (xxh64)", "ring (md5)", "random"]);
});
