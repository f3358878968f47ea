import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { renderCharts, renderSendChart } from "../../src/report/charts.ts";
import { analyzeResult, sendResult, studyPoint, twoPolicies } from "./samples.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lbctl-charts-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const WIDTH = 2400;
const HEIGHT = 1440;
/** Charts keep this many pixels free at each edge, so ink in them would be text that is cut off. */
const MARGIN = 12;

/** How dark a region of a PNG is: the share of its pixels that are not white. */
async function inkOf(path: string) {
  const canvas = createCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext("2d");
  context.drawImage(await loadImage(path), 0, 0);
  return (x: number, y: number, width: number, height: number): number => {
    const { data } = context.getImageData(x, y, width, height);
    let inked = 0;
    for (let i = 0; i < data.length; i += 4)
      if (Math.min(data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0) < 250) inked++;
    return inked / (width * height);
  };
}

async function expectWholeChart(path: string): Promise<void> {
  const bytes = await readFile(path);
  expect([...bytes.subarray(0, 8)]).toStrictEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toStrictEqual([WIDTH, HEIGHT]);
  const ink = await inkOf(path);
  expect(ink(0, 0, WIDTH, 120)).toBeGreaterThan(0.005);
  expect(ink(0, 200, WIDTH, 1000)).toBeGreaterThan(0.005);
  expect(ink(0, 0, WIDTH, MARGIN), "top edge").toBe(0);
  expect(ink(0, HEIGHT - MARGIN, WIDTH, MARGIN), "bottom edge").toBe(0);
  expect(ink(0, 0, MARGIN, HEIGHT), "left edge").toBe(0);
  expect(ink(WIDTH - MARGIN, 0, MARGIN, HEIGHT), "right edge").toBe(0);
}

const evenCounts = (servers: number, each = 1000): number[] =>
  Array.from({ length: servers }, (_, i) => each + (i % 7));

const longName = "./a/long/path/to/a/policy-with-quite-a-name.js:and=12345,options=67890";

describe("the charts of an analysis", () => {
  test("are four, each whole", async () => {
    const paths = await renderCharts(twoPolicies(), join(dir, "new", "folder"));
    expect(paths.map((path) => basename(path))).toStrictEqual([
      "load-per-server.png",
      "mean-vs-servers.png",
      "spread.png",
      "moved.png",
    ]);
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
    for (const path of await renderCharts(result, dir)) await expectWholeChart(path);
  });

  test("leave movement out where nothing could move, and are none of nothing", async () => {
    const names = await renderCharts(analyzeResult([studyPoint("ring", [5, 5])]), dir);
    expect(names.map((path) => basename(path))).not.toContain("moved.png");
    expect(await renderCharts(analyzeResult([]), dir)).toStrictEqual([]);
  });
});

describe("the chart of a burst", () => {
  test.each([1, 3, 40, 41, 500])("is whole with %i servers", async (servers) => {
    const [path = ""] = await renderSendChart(sendResult(evenCounts(servers)), dir);
    expect(basename(path)).toBe("load.png");
    await expectWholeChart(path);
  });

  test("is drawn even when no server answered", async () => {
    const [path = ""] = await renderSendChart(sendResult([]), dir);
    await expectWholeChart(path);
  });

  test("a taller bar has more ink than a shorter one", async () => {
    const [path = ""] = await renderSendChart(sendResult([900, 100]), dir);
    const ink = await inkOf(path);
    expect(ink(200, 300, 900, 800)).toBeGreaterThan(2 * ink(1200, 300, 900, 800));
  });
});

test("the canvas that draws has the font that the charts bring", async () => {
  await renderSendChart(sendResult([1]), dir);
  // chartjs-node-canvas asks for its own copy of the canvas; the copies share one native module, and with it the fonts.
  const resolver = createRequire(createRequire(import.meta.url).resolve("chartjs-node-canvas"));
  const drawing: typeof import("@napi-rs/canvas") = resolver("canvas");
  expect(drawing.GlobalFonts.has("lbctl sans")).toBe(true);
});
