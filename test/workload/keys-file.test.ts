import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseKeyField, readKeysFile } from "../../src/workload/keys-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lbctl-keys-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function keysOf(content: string | Buffer, field?: string, name = "keys"): Promise<Record<string, number>> {
  await writeFile(join(folder, name), content);
  const { keys } = await readKeysFile(join(folder, name), parseKeyField(field));
  const pairs = Array.from({ length: keys.count }, (_, i) => [keys.key(i), keys.requestsOf(i)] as const);
  expect(keys.requests).toBe(pairs.reduce((total, [, requests]) => total + requests, 0));
  return Object.fromEntries(pairs);
}

// The form of the common and the combined log format, as Apache's and nginx's documentation give them.
const log = [
  '10.0.0.1 - alice [22/Nov/2026:12:50:01 +0000] "GET /a?x=1 HTTP/1.1" 200 17',
  '10.0.0.2 - - [22/Nov/2026:12:50:02 +0000] "POST /b HTTP/1.1" 201 - "https://example.org/" "curl/8 (x; y)"',
  '10.0.0.1 - - [22/Nov/2026:12:50:03 +0000] "GET /a?x=1 HTTP/1.0" 404 0 "-" "-"',
  "not a line of a log",
].join("\n");

describe("a keys file", () => {
  test("is a key a line, counted", async () => {
    expect(await keysOf("a\nb\r\n\na\nü")).toEqual({ a: 2, b: 1, ü: 1 });
  });

  test.each([
    ["host", { "10.0.0.1": 2, "10.0.0.2": 1 }],
    ["target", { "/a?x=1": 2, "/b": 1 }],
    ["user", { alice: 1, "-": 2 }],
    ["method", { GET: 2, POST: 1 }],
    ["1", { "10.0.0.1": 2, "10.0.0.2": 1, not: 1 }],
    ["/\\d+\\.0\\.0\\.(\\d)/", { "1": 2, "2": 1 }],
    ["/GET|POST/", { GET: 2, POST: 1 }],
  ])("of an access log gives the field %s", async (field, counts) => {
    expect(await keysOf(log, field)).toEqual(counts);
  });

  test("may be packed", async () => {
    expect(await keysOf(gzipSync("a\na\nb\n"), undefined, "keys.gz")).toEqual({ a: 2, b: 1 });
  });

  test("is read in pieces: a line may lie across them, and a character too", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `käse-${i % 3000}`);
    expect(Object.keys(await keysOf(lines.join("\n"))).length).toBe(3000);
  });

  test.each([
    ["", undefined, /is empty/],
    ["\n\n", undefined, /is empty/],
    ["a\n", "2", /None of the 1 lines/],
    ["a\n", "/b/", /None of the 1 lines/],
    ["a\0b\n", undefined, /is not text/],
    ["x".repeat(1_200_000), undefined, /line of more than a megabyte/],
  ])("that is no such thing is a mistake that is explained", async (content, field, says) => {
    await expect(keysOf(content, field)).rejects.toThrow(says);
  });

  test("that isn't there, or is broken, is too", async () => {
    await expect(readKeysFile(join(folder, "none"), parseKeyField(undefined))).rejects.toThrow(
      /can't be read \(ENOENT\)/,
    );
    await expect(readKeysFile(folder, parseKeyField(undefined))).rejects.toThrow(/can't be read \(EISDIR\)/);
    await expect(keysOf("not packed", undefined, "bad.gz")).rejects.toThrow(/can't be read \(Z_DATA_ERROR\)/);
    await expect(readKeysFile(join(folder, "none.gz"), parseKeyField(undefined))).rejects.toThrow(/ENOENT/);
  });

  test.each(["0", "hosts", "/[/", "-1", "//"])("--key-field %s is refused", (field) => {
    expect(() => parseKeyField(field)).toThrow(/--key-field/);
  });
});
