import { expect, test } from "vitest";
import { type Hash, policies } from "../../../src/placement/index.ts";
import { servers } from "../servers.ts";

const lengthHash: Hash = { name: "length", bits: 53, hash: (_bytes, length) => 2 ** 52 + length };

test("is the hash mod N, then the next ones round", () => {
  const placement = policies.modulo.build(servers(3), lengthHash, {});
  // 2^52 mod 3 is 1.
  expect(["", "k", "kk", "kkk"].map((key) => placement.candidates(key))).toEqual([
    [1, 2, 0],
    [2, 0, 1],
    [0, 1, 2],
    [1, 2, 0],
  ]);
  expect(placement.select("k", (member) => member !== 2)).toBe(0);
});
