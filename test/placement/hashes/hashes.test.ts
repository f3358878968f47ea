import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlacement, type Hash, hashes, parseHash, parsePolicy } from "../../../src/placement/index.ts";
import { servers } from "../servers.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (hash: Hash, bytes: Uint8Array): number => hash.hash(bytes, bytes.length);
/** The top 53 bits of a 64-bit value. */
const top53 = (value: bigint): number => Number(value >> 11n);

// The self-test of xxhsum (xxHash's cli/xsum_sanity_check.c): its pseudo-random buffer, its lengths, seed 0.
const PRIME64 = 11400714785074694797n;
const sanityBuffer = new Uint8Array(2243);
let state = 2654435761n;
for (let i = 0; i < sanityBuffer.length; i++) {
  sanityBuffer[i] = Number(state >> 56n);
  state = BigInt.asUintN(64, state * PRIME64);
}

describe("xxh64", () => {
  test.each([
    [0, 0xef46db3751d8e999n],
    [1, 0xe934a84adb052768n],
    [4, 0x9136a0dca57457een],
    [14, 0x8282dcc4994e35c8n],
    [222, 0xb641ae8cb691c174n],
  ])("hashes %i bytes as the reference does", (length, expected) => {
    expect(hashes.xxh64.hash(sanityBuffer, length)).toBe(top53(expected));
  });

  // Two vnodes each of the hosts 90…95, as Envoy's ring hash names them; the points in the order of its
  // unit test (test/extensions/load_balancing_policies/ring_hash/ring_hash_lb_test.cc, ring size 12).
  const envoyRing = [
    ["95", 1975508444536362413n],
    ["95", 2376063919839173711n],
    ["93", 2386806903309390596n],
    ["94", 6749904478991551885n],
    ["93", 6803900775736438537n],
    ["92", 7225015537174310577n],
    ["90", 8787465352164086522n],
    ["92", 11282020843382717940n],
    ["91", 13723418369486627818n],
    ["90", 13776502110861797421n],
    ["91", 14338313586354474791n],
    ["94", 15364271037087512980n],
  ] as const;

  test("makes the points of Envoy's ring", () => {
    const points = ["90", "91", "92", "93", "94", "95"].flatMap((host) =>
      [0, 1].map((j) => [host, hashOf(hashes.xxh64, bytesOf(`${host}_${j}`))] as const),
    );
    expect(points.toSorted((a, b) => a[1] - b[1])).toEqual(envoyRing.map(([host, point]) => [host, top53(point)]));
  });
});

describe("xxh32", () => {
  // The same self-test's buffer and lengths, seed 0.
  test.each([
    [0, 0x02cc5d05],
    [1, 0xcf65b03e],
    [14, 0x1208e7e2],
    [222, 0x5bd11dbd],
  ])("hashes %i bytes as the reference does", (length, expected) => {
    expect(hashes.xxh32.hash(sanityBuffer, length)).toBe(expected);
  });
});

describe("murmur3", () => {
  // MurmurHash3_x86_32 with seed 0, as Wikipedia's table of test vectors and the reference code give them.
  test.each([
    ["", 0],
    ["test", 0xba6bd213],
    ["Hello, world!", 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x2e4ff723],
  ])("hashes %j as published", (text, expected) => {
    expect(hashOf(hashes.murmur3, bytesOf(text))).toBe(expected);
  });
});

describe("fnv1a", () => {
  // RFC 9923, the 64-bit test vectors of FNV-1a.
  test.each([
    ["", 0xcbf29ce484222325n],
    ["a", 0xaf63dc4c8601ec8cn],
    ["foobar", 0x85944171f73967e8n],
  ])("hashes %j as published", (text, expected) => {
    expect(hashOf(hashes.fnv1a, bytesOf(text))).toBe(top53(expected));
  });
});

describe("crc32", () => {
  test("has the check value of the CRC catalogue", () => {
    expect(hashOf(hashes.crc32, bytesOf("123456789"))).toBe(0xcbf43926);
  });

  test("agrees with zlib on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(hashOf(hashes.crc32, bytes)).toBe(zlibCrc32(bytes));
      }),
    );
  });
});

describe("md5", () => {
  // RFC 1321, appendix A.5.
  test.each([
    ["", 0xd41d8cd98f00b204n],
    ["abc", 0x900150983cd24fb0n],
    ["message digest", 0xf96b697d7cb7938dn],
  ])("hashes %j as published", (text, expected) => {
    expect(hashOf(hashes.md5, bytesOf(text))).toBe(top53(expected));
  });

  test("agrees with node:crypto on any bytes, around the block's edges too", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const digest = createHash("md5").update(bytes).digest();
        expect(hashOf(hashes.md5, bytes)).toBe(top53(digest.readBigUInt64BE()));
      }),
      { numRuns: 300 },
    );
  });
});

// RFC 3174, section 7.3, and FIPS 180-4's examples.
describe.each([
  ["sha1", "abc", 0xa9993e364706816an],
  ["sha1", "", 0xda39a3ee5e6b4b0dn],
  ["sha256", "abc", 0xba7816bf8f01cfean],
  ["sha256", "", 0xe3b0c44298fc1c14n],
] as const)("%s", (name, text, expected) => {
  test(`hashes ${JSON.stringify(text)} as published`, () => {
    expect(hashOf(hashes[name], bytesOf(text))).toBe(top53(expected));
  });

  test("agrees with node:crypto on any bytes, around the block's edges too", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const digest = createHash(name).update(bytes).digest();
        expect(hashOf(hashes[name], bytes)).toBe(top53(digest.readBigUInt64BE()));
      }),
      { numRuns: 200 },
    );
  });
});

describe("siphash", () => {
  // The reference's vectors (SipHash's vectors.h, vectors_sip64): key 00…0f, the bytes 00, 01, … of each length.
  test.each([
    [0, 0x726fdb47dd0e0e31n],
    [1, 0x74f839c593dc67fdn],
    [7, 0xab0200f58b01d137n],
    [8, 0x93f5f5799a932462n],
    [15, 0xa129ca6149be45e5n],
    [63, 0x958a324ceb064572n],
  ])("hashes %i bytes as the reference does", (length, expected) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    expect(hashOf(hashes.siphash, bytes)).toBe(top53(expected));
  });

  // printf lbctl | openssl mac -macopt hexkey:$KEY -macopt size:8 SIPHASH, its eight bytes little-endian
  test.each([
    ["00000000000000000000000000000000", 0xbdac7efb229b24b6n],
    ["ffeeddccbbaa99887766554433221100", 0x9e09f499b958e39dn],
  ])("takes the key %s", (key, expected) => {
    const hash = parseHash(`siphash:${key.toUpperCase()}`);
    expect(hash.name).toBe(`siphash:${key}`);
    expect(hashOf(hash, bytesOf("lbctl"))).toBe(top53(expected));
  });

  test("says what a key is, and does not repeat a secret", () => {
    expect(() => parseHash("siphash:5ec7e7")).toThrow(/has 32 hexadecimal digits, and this one has 6 characters/);
    expect(() => parseHash("siphash:5ec7e7")).not.toThrow(/5ec7e7/);
    expect(() => parseHash(`siphash:${"g".repeat(32)}`)).toThrow(/32 hexadecimal digits/);
    expect(() => parseHash("siphash:")).toThrow(/this one has 0 characters/);
  });

  test("places keys elsewhere under another key", () => {
    const order = (hash: string) =>
      createPlacement(parsePolicy("ring"), parseHash(hash), servers(20)).candidates("k").join();
    expect(order("siphash:000102030405060708090a0b0c0d0e0f")).toBe(order("siphash"));
    expect(order("siphash:00000000000000000000000000000000")).not.toBe(order("siphash"));
  });
});

describe.each(Object.entries(hashes))("%s", (name, hash: Hash) => {
  test("is known by its own name", () => {
    expect(hash.name).toBe(name);
  });

  test("gives whole numbers within its bits, from the given length alone, and leaves the bytes as they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 20 }), (bytes, after) => {
        const longer = Uint8Array.of(...bytes, ...after);
        const value = hash.hash(longer, bytes.length);
        expect(value).toBe(hashOf(hash, bytes));
        expect(longer).toEqual(Uint8Array.of(...bytes, ...after));
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** hash.bits).toBe(true);
      }),
    );
  });
});
