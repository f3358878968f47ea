import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import type { Hit } from "../../src/results/hit.ts";
import { saveHits } from "../../src/results/hits.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lbctl-hits-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const hit = (changes: Partial<Hit>): Hit => ({
  index: 0,
  key: "10.0.0.1",
  method: "GET",
  status: 200,
  server: "server-1",
  attempts: 1,
  startMs: 0.5,
  latencyMs: 1.23456,
  error: null,
  ...changes,
});

async function saved(hits: readonly Hit[]): Promise<string> {
  const path = join(dir, "hits.csv");
  const file = await saveHits(path);
  for (const each of hits) await file.write(each);
  await file.close();
  return readFile(path, "utf8");
}

test("a header, a line a hit, null as nothing, times to the microsecond", async () => {
  const lost = hit({ index: 1, status: 0, server: null, error: "ECONNREFUSED" });
  expect(await saved([hit({}), lost])).toBe(
    "index,key,method,status,server,attempts,startMs,latencyMs,error\n" +
      "0,10.0.0.1,GET,200,server-1,1,0.5,1.235,\n" +
      "1,10.0.0.1,GET,0,,1,0.5,1.235,ECONNREFUSED\n",
  );
});

test("any key comes back from the file", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom(",", '"', "\n", "\r", "a", "ü") }), { minLength: 1 }),
      async (keys) => {
        const text = await saved(keys.map((key, index) => hit({ index, key })));
        expect(
          parseCsv(text)
            .slice(1)
            .map((fields) => fields[1]),
        ).toStrictEqual(keys);
      },
    ),
    { numRuns: 30 },
  );
});

test("a hundred thousand at once arrive whole and in order", async () => {
  const path = join(dir, "many.csv");
  const file = await saveHits(path);
  const indices = Array.from({ length: 100_000 }, (_, index) => index);
  await Promise.all(indices.map((index) => file.write(hit({ index }))));
  await file.close();
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n").slice(1);
  expect(lines.map((line) => Number(line.split(",")[0]))).toStrictEqual(indices);
});

test("a file that can't be written is a sentence that names it", async () => {
  await writeFile(join(dir, "a-file"), "");
  await expect(saveHits(join(dir, "a-file", "hits.csv"))).rejects.toThrow(UserError);
  await expect(saveHits(join(dir, "a-file", "hits.csv"))).rejects.toThrow(/Can't write .*hits\.csv/);
});

// /dev/full, which is always full, is a device of Linux.
test.runIf(existsSync("/dev/full"))("a full disk stops the writer", async () => {
  const file = await saveHits("/dev/full");
  const writeUntilRefused = async () => {
    for (;;) await file.write(hit({}));
  };
  await expect(writeUntilRefused()).rejects.toThrow(/Can't write \/dev\/full.*ENOSPC/);
  await expect(file.close()).rejects.toThrow(UserError);
});

/** A reader of RFC 4180 with LF or CRLF, for the test alone. */
function parseCsv(text: string): string[][] {
  const field = /("(?:[^"]|"")*"|[^,"\r\n]*)(,|\n)/gy;
  const rows: string[][] = [[]];
  for (const [, raw = "", end] of text.matchAll(field)) {
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}
