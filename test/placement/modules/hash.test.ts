import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlacement, hashes, PlacementError, parseHash, parsePolicy } from "../../../src/placement/index.ts";
import { hashPoint, hashText } from "../../../src/placement/key.ts";
import { ownerOf, servers, someKeys } from "../servers.ts";

/** A hash from what a module exports. */
const hashOf = (exports: Record<string, unknown>) =>
  parseHash("my-hash.js#1", new Map([["my-hash.js#1", { source: "…", exports }]]));

/** The first 32 bits of SHA-256, as a user would write it. */
const sha32 = (bytes: Uint8Array): number => createHash("sha256").update(bytes).digest().readUInt32BE();

describe("a user's hash", () => {
  test("is given the bytes of the text, and no more", () => {
    const hash = hashOf({ hash: sha32 });
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(hashText(hash, text)).toBe(sha32(new TextEncoder().encode(text)));
      }),
    );
  });

  test("may be exported by default, as a function or as an object", () => {
    for (const exports of [{ default: sha32 }, { default: { hash: sha32, bits: 32 } }])
      expect(hashText(hashOf(exports), "k")).toBe(hashText(hashOf({ hash: sha32 }), "k"));
  });

  test("has 32 bits unless it says otherwise", () => {
    expect(hashOf({ hash: sha32 }).bits).toBe(32);
    const wide = hashOf({ hash: () => 2 ** 53 - 1, bits: 53 });
    expect([wide.bits, hashText(wide, "k")]).toEqual([53, 2 ** 53 - 1]);
    expect(hashText(hashOf({ hash: () => 1, bits: 1 }), "k")).toBe(1);
  });

  test("places keys as a hash of the table does that has the same values", () => {
    const top32 = (bytes: Uint8Array): number => Math.floor(hashes.sha256.hash(bytes, bytes.length) / 2 ** 21);
    const [ours, theirs] = [hashOf({ hash: top32 }), hashOf({ hash: sha32 })];
    for (const policy of ["ring", "maglev", "rendezvous", "multi-probe", "jump", "anchor", "modulo"]) {
      const [one, other] = [ours, theirs].map((hash) => createPlacement(parsePolicy(policy), hash, servers(7)));
      for (const key of someKeys(200)) expect(ownerOf(one as never, key)).toBe(ownerOf(other as never, key));
    }
  });
});

describe("a user's two functions", () => {
  const two = hashOf({
    hashKey: (bytes: Uint8Array) => bytes.length,
    hashVnode: (bytes: Uint8Array, server: string, vnode: number) => bytes.length * 1000 + server.length * 10 + vnode,
  });

  test("are for keys, and for the points of servers with name and number", () => {
    expect(hashText(two, "key")).toBe(3);
    expect(hashPoint(two, "server-3", "#2", 2)).toBe(10_082);
    expect(hashPoint(two, "server-3")).toBe(8_080);
  });

  test("make the points of a ring", () => {
    const quarters = hashOf({
      hashKey: (bytes: Uint8Array) => Number(new TextDecoder().decode(bytes)),
      hashVnode: (_bytes: Uint8Array, server: string, vnode: number) => (server === "a" ? 100 : 200) + vnode,
    });
    const members = ["a", "b"].map((name) => ({ name, weight: 1 }));
    const ring = createPlacement(parsePolicy("ring:vnodes=2"), quarters, members);
    const owners = ["0", "101", "102", "201", "202"].map((key) => ownerOf(ring, key));
    expect(owners).toEqual(["a", "a", "b", "b", "a"]);
  });
});

describe("what is no hash", () => {
  test.each([
    [{}, /my-hash\.js#1 has no hash \(it exports nothing\): export a function hash\(bytes\)/],
    [{ build: (): number => 0, default: (): number => 0 }, null],
    [{ build: (): number => 0 }, /it exports build/],
    [{ hashKey: sha32 }, /both hashKey\(bytes\) and hashVnode/],
    [{ hash: 5 }, /exports 5 as hash: export a function/],
    [{ hash: sha32, bits: 54 }, /exports 54 as bits: give a whole number from 1 to 53/],
    [{ hash: sha32, bits: 0 }, /exports 0 as bits/],
    [{ hash: sha32, bits: "32" }, /exports "32" as bits/],
  ])("%j is refused, or not, by what it exports", (exports, message) => {
    if (message === null) expect(hashOf(exports).name).toBe("my-hash.js#1");
    else expect(() => hashOf(exports)).toThrow(message);
  });

  test.each([
    [-1, /returned -1 for "alice": a hash is a whole number from 0 to 2\^32 − 1, .*`>>> 0`/],
    [0.5, /returned 0.5 for "alice": a hash is a whole number from 0 to 2\^32 − 1\.$/],
    [Number.NaN, /returned NaN/],
    [Number.POSITIVE_INFINITY, /returned Infinity/],
    [2 ** 32, /returned 4294967296 .* exports more bits than 32/],
    [5n, /the BigInt 5n .* Number\(\)/],
    ["7", /returned "7"/],
    [undefined, /returned undefined/],
    [null, /returned null/],
    [{}, /returned an object/],
    [[1], /returned an array/],
    [() => 1, /returned a function/],
  ])("a result such as %s is explained", (value, message) => {
    const hash = hashOf({ hash: () => value });
    expect(() => hashText(hash, "alice")).toThrow(PlacementError);
    expect(() => hashText(hash, "alice")).toThrow(message);
  });

  test("a promise is explained, and its failure ends no process", async () => {
    const hash = hashOf({ hash: () => Promise.reject(new Error("late")) });
    expect(() => hashText(hash, "alice")).toThrow(/returned a promise for "alice"/);
    await new Promise(setImmediate);
  });

  test("a function that throws is named with the key and its own words", () => {
    const hash = hashOf({
      hash: () => {
        throw new TypeError("no");
      },
    });
    expect(() => hashText(hash, "alice")).toThrow('my-hash.js#1 failed on "alice": TypeError: no.');
    expect(() => createPlacement(parsePolicy("ring"), hash, servers(1))).toThrow(/failed on "server-1#0"/);
  });
});
