import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { thisMachine } from "../../src/results/run.ts";
import { claimRun, loadRun, saveRun } from "../../src/results/store.ts";
import { analyzeRun, sendResult } from "../report/samples.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lbctl-reports-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const noon = new Date("2026-11-22T12:50:01.234Z");

describe("claimRun", () => {
  test("names a run by its start and kind, and the next of the same second with a number", async () => {
    expect(await claimRun(dir, "analyze", noon)).toBe("2026-11-22T12-50-01-analyze");
    expect(await claimRun(dir, "analyze", noon)).toBe("2026-11-22T12-50-01-analyze-2");
    expect(await claimRun(dir, "send", noon)).toBe("2026-11-22T12-50-01-send");
  });

  test("gives many at once a folder each", async () => {
    const names = await Promise.all(Array.from({ length: 10 }, () => claimRun(join(dir, "new"), "send", noon)));
    expect(new Set(names).size).toBe(10);
    expect((await readdir(join(dir, "new"))).toSorted()).toStrictEqual(names.toSorted());
  });

  test("says which folder can't be written, and what to do", async () => {
    await writeFile(join(dir, "a-file"), "");
    await expect(claimRun(join(dir, "a-file"), "send")).rejects.toThrow(/Can't write reports to .*a-file.*--out DIR/);
    await expect(claimRun(join(dir, "a-file", "below"), "send")).rejects.toThrow(UserError);
  });
});

describe("a saved run", () => {
  test("comes back as it was, by its name, its folder and its file", async () => {
    const run = analyzeRun({ machine: thisMachine() });
    const file = await saveRun(dir, run);
    expect(file).toBe(join(dir, run.run, "run.json"));
    for (const which of [run.run, join(dir, run.run), file]) expect(await loadRun(dir, which)).toStrictEqual(run);
    expect(await readdir(join(dir, run.run))).toStrictEqual(["run.json"]);
  });

  test("a send comes back too, with and without a policy", async () => {
    const { policy, hash, ...result } = sendResult([5, 5]);
    for (const each of [result, { ...result, policy: "round-robin", hash: null }]) {
      const run = { ...analyzeRun(), kind: "send" as const, run: "a-send", result: each };
      await saveRun(dir, run);
      expect(await loadRun(dir, "a-send")).toStrictEqual(run);
    }
  });

  test("is the latest, until the next one is", async () => {
    for (const name of ["2026-11-22T12-50-01-send", "2026-11-22T12-50-02-send"]) {
      await saveRun(dir, analyzeRun({ run: name }));
      expect(await readlink(join(dir, "latest"))).toBe(name);
      expect((await loadRun(dir)).run).toBe(name);
    }
  });

  test("is the latest by its name where there are no links", async () => {
    await saveRun(dir, analyzeRun({ run: "2026-11-22T12-50-01-send" }));
    await saveRun(dir, analyzeRun({ run: "2026-11-21T23-00-00-send" }));
    await rm(join(dir, "latest"));
    // A folder where the link should be: neither saving nor loading minds.
    await mkdir(join(dir, "latest"));
    await saveRun(dir, analyzeRun({ run: "2026-11-22T12-50-00-send" }));
    expect((await loadRun(dir)).run).toBe("2026-11-22T12-50-01-send");
  });

  test("can't be saved where a file is in the way", async () => {
    const run = analyzeRun();
    await writeFile(join(dir, run.run), "");
    await expect(saveRun(dir, run)).rejects.toThrow(/Can't write reports to/);
  });
});

describe("a run that can't be loaded is one clear sentence", () => {
  test.each([undefined, "latest"])("none yet (%s)", async (which) => {
    await expect(loadRun(join(dir, "missing"), which)).rejects.toThrow(/There is no run in .* yet: make one with/);
  });

  test("an unknown name", async () => {
    await expect(loadRun(dir, "nonesuch")).rejects.toThrow(/There is no run "nonesuch"/);
  });

  test.each([
    ["no JSON", "{", /not a run that can be read/],
    ["a field that is missing", JSON.stringify({ ...analyzeRun(), machine: undefined }), /machine/],
    [
      "a figure of the wrong kind",
      JSON.stringify(analyzeRun()).replace('"mean":5000', '"mean":"x"'),
      /result\.results\.0\.mean/,
    ],
    ["another version", JSON.stringify({ ...analyzeRun(), schemaVersion: 2 }), /another version of lbctl/],
  ])("%s", async (_, text, message) => {
    await writeFile(join(dir, "run.json"), text);
    await expect(loadRun(dir, dir)).rejects.toThrow(message);
    await expect(loadRun(dir, dir)).rejects.toThrow(UserError);
  });

  test("a saved run is plain JSON that ends in a line break", async () => {
    const text = await readFile(await saveRun(dir, analyzeRun()), "utf8");
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toStrictEqual(analyzeRun());
  });
});
