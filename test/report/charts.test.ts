import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { analysisCharts, burstCharts, renderCharts } from "../../src/report/charts/charts.ts";
import type { FurtherChart } from "../../src/report/further-charts.ts";
import type { AnalyzeResult, SendResult } from "../../src/results/run.ts";
import { evennessByWeight } from "../../src/stats/by-weight.ts";
import { chartFigures } from "../../src/study/chart-figures.ts";
import { analyzeResult, named, sendResult, studyPoint, twoPolicies } from "./samples.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lbctl-charts-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const WIDTH = 1200;
const HEIGHT = 720;
/** Charts keep this many pixels free at each edge, so ink in them would be text that is cut off. */
const MARGIN = 6;
/** The charts as they are, in a quarter of the pixels. */
const SIZE = { width: WIDTH, height: HEIGHT, pixelRatio: 1 };

async function contextOf(path: string) {
  const context = createCanvas(WIDTH, HEIGHT).getContext("2d");
  context.drawImage(await loadImage(path), 0, 0);
  return context;
}

const WHITE = 0xff_ff_ff_ff;

/** The pixels of a PNG, each as the bytes alpha, blue, green, red of one number. */
async function pixelsOf(path: string): Promise<Uint32Array> {
  const { data } = (await contextOf(path)).getImageData(0, 0, WIDTH, HEIGHT);
  return new Uint32Array(data.buffer);
}

/** How dark a region of a PNG is: the share of its pixels that are not white. */
async function inkOf(path: string) {
  const pixels = await pixelsOf(path);
  return (x: number, y: number, width: number, height: number): number => {
    let inked = 0;
    for (let row = y; row < y + height; row++)
      for (let at = row * WIDTH + x; at < row * WIDTH + x + width; at++) if (pixels[at] !== WHITE) inked++;
    return inked / (width * height);
  };
}

/** The share of a PNG's pixels that have a colour. */
async function shareOf(path: string, [red, green, blue]: readonly [number, number, number]): Promise<number> {
  const colour = ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  return (await pixelsOf(path)).filter((pixel) => pixel === colour).length / (WIDTH * HEIGHT);
}

/** Cases that differ in one chart draw others the same: those are looked at once. */
const looked = new Set<string>();

async function expectWholeChart(path: string): Promise<void> {
  const bytes = await readFile(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (looked.has(digest)) return;
  expect([...bytes.subarray(0, 8)]).toStrictEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toStrictEqual([WIDTH, HEIGHT]);
  const ink = await inkOf(path);
  expect(ink(0, 0, WIDTH, 60)).toBeGreaterThan(0.005);
  expect(ink(0, 100, WIDTH, 500)).toBeGreaterThan(0.005);
  expect(ink(0, 0, WIDTH, MARGIN), "top edge").toBe(0);
  expect(ink(0, HEIGHT - MARGIN, WIDTH, MARGIN), "bottom edge").toBe(0);
  expect(ink(0, 0, MARGIN, HEIGHT), "left edge").toBe(0);
  expect(ink(WIDTH - MARGIN, 0, MARGIN, HEIGHT), "right edge").toBe(0);
  looked.add(digest);
}

const drawn = (result: AnalyzeResult, folder: string, ...asked: FurtherChart[]) =>
  renderCharts(analysisCharts(result, asked, chartFigures([], 40_000)), folder, SIZE);

/** Draws only the charts that are asked for beside the usual ones. */
function furtherDrawn(result: AnalyzeResult, folder: string, ...asked: FurtherChart[]) {
  const usual = analysisCharts(result, [], chartFigures([], 40_000));
  const all = Object.entries(analysisCharts(result, asked, chartFigures([], 40_000)));
  return renderCharts(Object.fromEntries(all.filter(([name]) => !(name in usual))), folder, SIZE);
}

const burstDrawn = (result: SendResult, folder: string) => renderCharts(burstCharts(result), folder, SIZE);
const namesOf = (paths: readonly string[]) => paths.map((path) => basename(path));

const evenCounts = (servers: number, each = 1000): number[] =>
  Array.from({ length: servers }, (_, i) => each + (i % 7));

const withRing = ["ring", "ketama", "classroom", "nginx", "haproxy", "envoy-ring"];
const hashes = ["xxh64", "xxh32", "murmur3", "fnv1a", "crc32", "md5", "sha1", "sha256", "siphash"];
const longName = "./a/long/path/to/a/policy-with-quite-a-name.js:and=12345,options=67890";

describe("the charts of an analysis", () => {
  test("are four, each whole", async () => {
    const { paths } = await drawn(twoPolicies(), join(dir, "new", "folder"));
    expect(namesOf(paths)).toStrictEqual(["load-per-server.png", "mean-vs-servers.png", "spread.png", "moved.png"]);
    for (const path of paths) await expectWholeChart(path);
  });

  test.each([
    ["one policy", analyzeResult([2, 3, 4].map((servers) => studyPoint("ring", evenCounts(servers))))],
    ["one number of servers", analyzeResult([studyPoint("ring", [60, 40]), studyPoint("jump", [50, 50])])],
    ["one server", analyzeResult([studyPoint("ring", [100])])],
    ["no requests", analyzeResult([studyPoint("ring", [0, 0]), studyPoint("ring", [0, 0, 0])])],
    [
      "a hundred servers",
      analyzeResult(["a", "b"].map((policy) => studyPoint(policy, [90_000, ...evenCounts(98), 0]))),
    ],
    [
      "doubling",
      analyzeResult(
        ["ring", "jump"].flatMap((policy) => [2, 8, 64].map((n) => studyPoint(policy, evenCounts(n, 64_000 / n)))),
      ),
    ],
    [
      "long names",
      analyzeResult(
        [`${longName}1`, `${longName}2`].flatMap((name) => [
          studyPoint(name, [70, 30]),
          studyPoint(name, [70, 20, 10], { from: 2, fraction: 0.1 }),
        ]),
      ),
    ],
    [
      "a dozen policies",
      analyzeResult(
        Array.from({ length: 12 }, (_, i) =>
          studyPoint(`policy-${i}`, [100 + i, 100, 100 - i], { from: 2, fraction: 0 }),
        ),
      ),
    ],
  ])("are whole with %s", async (_, result) => {
    for (const path of (await drawn(result, dir)).paths) await expectWholeChart(path);
  });

  const runs = {
    count: 5,
    cv: { mean: 0.1, sd: 0.09 },
    peakToMean: { mean: 1.2, sd: 0.1 },
    moved: { mean: 0.3, sd: 0.1 },
  };
  test.each([
    ["bars", [[20, 40]]],
    [
      "bars of several policies",
      [
        [20, 40],
        [10, 20, 40],
      ],
    ],
    ["lines", [evenCounts(50)]],
  ])("are whole with weights and several runs: %s", async (_, counts) => {
    const points = ["ring", "maglev"].flatMap((policy) =>
      counts.map((own) => {
        const weights = own.map((_, i) => 1 + (i % 3));
        return { ...studyPoint(policy, own), weights: named(weights), byWeight: evennessByWeight(own, weights), runs };
      }),
    );
    for (const path of (await drawn(analyzeResult(points), dir)).paths) await expectWholeChart(path);
  });

  test("leave movement out where nothing could move, and are none of nothing", async () => {
    const { paths } = await drawn(analyzeResult([studyPoint("ring", [5, 5])]), dir);
    expect(namesOf(paths)).not.toContain("moved.png");
    expect(await drawn(analyzeResult([]), dir)).toStrictEqual({ paths: [], notes: [] });
  });
});

describe("the rings", () => {
  const weights = named([1, 2, 4]);
  const members = ["server-1", "server-2*2", "server-3*4"];
  test.each([
    ["the classroom's", analyzeResult([studyPoint("classroom", [8359, 469, 1172])])],
    ["one server's", analyzeResult([studyPoint("ring", [7])])],
    [
      "one over several numbers of servers",
      analyzeResult([1, 2, 13, 40].map((n) => studyPoint("ring", evenCounts(n)))),
    ],
    ["many policies'", analyzeResult(withRing.map((policy) => studyPoint(policy, [500, 300, 200])))],
    ["more than there is room for", analyzeResult(hashes.map((hash) => ({ ...studyPoint("ring", [3, 2]), hash })))],
    ["of a thousand servers", analyzeResult(["ring", "ketama"].map((policy) => studyPoint(policy, evenCounts(1000))))],
    ["without requests", analyzeResult([studyPoint("ring", [0, 0]), studyPoint("nginx", [0, 0])])],
    ["with weights", analyzeResult([{ ...studyPoint("haproxy", [20, 30, 50]), weights, members }])],
    [
      "of servers with long names",
      analyzeResult([
        { ...studyPoint("ring", [7, 3]), counts: { [`${"a".repeat(127)}1`]: 7, [`${"a".repeat(127)}2`]: 3 } },
      ]),
    ],
  ])("are whole: %s", async (_, result) => {
    const { paths, notes } = await furtherDrawn(result, dir, "ring");
    expect(notes).toStrictEqual([]);
    await expectWholeChart(join(dir, "ring.png"));
    expect(namesOf(paths)).toContain("ring.png");
  });

  test("show an arc in its owner's colour", async () => {
    await furtherDrawn(analyzeResult([studyPoint("classroom", [8359, 469, 1172])]), dir, "ring");
    const blue = await shareOf(join(dir, "ring.png"), [0, 0x72, 0xb2]);
    const orange = await shareOf(join(dir, "ring.png"), [0xd5, 0x5e, 0]);
    expect(blue).toBeGreaterThan(10 * orange);
    expect(orange).toBeGreaterThan(0);
  });

  test("are none for policies without, and a sentence says so", async () => {
    const result = analyzeResult(["maglev", "jump"].map((policy) => studyPoint(policy, [5, 5])));
    const { paths, notes } = await furtherDrawn(result, dir, "ring");
    expect(namesOf(paths)).not.toContain("ring.png");
    expect(notes).toStrictEqual(["There is no ring to draw of maglev and jump."]);
  });
});

describe("the other charts that are asked for", () => {
  const stepped = (policy: string, hash = "xxh64") => [
    { ...studyPoint(policy, [60, 40]), hash },
    { ...studyPoint(policy, [40, 30, 30], { from: 2, fraction: 0.4 }), hash },
  ];
  const files = ["ring.png", "spread-vs-vnodes.png", "moved-by-policy.png", "load-cdf.png"];
  test.each([
    ["one policy", analyzeResult(stepped("ring"))],
    ["several policies", analyzeResult([...stepped("ring"), ...stepped("classroom"), ...stepped("maglev")])],
    [
      "more ways than there is room for",
      analyzeResult(hashes.flatMap((hash) => ["ring", "jump", "anchor"].flatMap((policy) => stepped(policy, hash)))),
    ],
    ["few keys", analyzeResult([studyPoint("ring", [1, 0]), studyPoint("ring", [1, 0, 0], { from: 2, fraction: 0 })])],
    [
      "weights",
      analyzeResult(stepped("ring").map((point) => ({ ...point, weights: named([1, 2, 3].slice(0, point.servers)) }))),
    ],
    [
      "one server with nearly everything",
      analyzeResult(
        [100, 101].map((n) => studyPoint("ring", [90_000, ...evenCounts(n - 1, 1)], { from: n - 1, fraction: 0.9 })),
      ),
    ],
  ])("are whole with %s", async (_, result) => {
    const { paths, notes } = await furtherDrawn(result, dir, "ring", "vnodes", "moved", "cdf");
    expect(notes).toStrictEqual([]);
    expect(namesOf(paths)).toStrictEqual(files);
    for (const name of files) await expectWholeChart(join(dir, name));
  });

  test("are whole with hundreds of servers, and long names", async () => {
    const policies = ["ring", "classroom:slots=65536,vnodes=300"];
    const result = analyzeResult(policies.map((policy) => studyPoint(policy, evenCounts(200))));
    await furtherDrawn(result, dir, "vnodes", "cdf");
    for (const name of ["spread-vs-vnodes.png", "load-cdf.png"]) await expectWholeChart(join(dir, name));
  });

  test("say in a sentence why there is none", async () => {
    const { paths, notes } = await furtherDrawn(
      analyzeResult([studyPoint("maglev", [5])]),
      dir,
      "vnodes",
      "moved",
      "cdf",
    );
    expect(namesOf(paths).filter((name) => files.includes(name))).toStrictEqual([]);
    expect(notes).toHaveLength(3);
    for (const note of notes) expect(note).toMatch(/^[A-Z].*[.]$/);
  });
});

describe("the chart of a burst", () => {
  test.each([1, 3, 40, 41, 500])("is whole with %i servers", async (servers) => {
    const {
      paths: [path = ""],
    } = await burstDrawn(sendResult(evenCounts(servers)), dir);
    expect(basename(path)).toBe("load.png");
    await expectWholeChart(path);
  });

  test("is drawn even when no server answered", async () => {
    const {
      paths: [path = ""],
    } = await burstDrawn(sendResult([]), dir);
    await expectWholeChart(path);
  });

  test("a taller bar has more ink than a shorter one", async () => {
    const {
      paths: [path = ""],
    } = await burstDrawn(sendResult([900, 100]), dir);
    const ink = await inkOf(path);
    expect(ink(100, 150, 450, 400)).toBeGreaterThan(2 * ink(600, 150, 450, 400));
  });
});

test("are 2400 × 1440 pixels unless another size is asked for", async () => {
  const {
    paths: [path = ""],
  } = await renderCharts(burstCharts(sendResult([1])), dir);
  const bytes = await readFile(path);
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toStrictEqual([2400, 1440]);
});

test("the canvas that draws has the font that the charts bring", async () => {
  await burstDrawn(sendResult([1]), dir);
  // chartjs-node-canvas asks for its own copy of the canvas; the copies share one native module, and with it the fonts.
  const resolver = createRequire(createRequire(import.meta.url).resolve("chartjs-node-canvas"));
  const drawing: typeof import("@napi-rs/canvas") = resolver("canvas");
  expect(drawing.GlobalFonts.has("lbctl sans")).toBe(true);
});
