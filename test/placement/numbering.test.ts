import { expect, test } from "vitest";
import { numberedOrder, trailingNumber } from "../../src/placement/numbering.ts";

const ordered = (...names: string[]): (string | undefined)[] =>
  [...numberedOrder(names.map((name) => ({ name, weight: 1 })))].map((index) => names[index]);

test("reads digits as numbers", () => {
  expect(ordered("server-10", "server-2", "server-1")).toEqual(["server-1", "server-2", "server-10"]);
  expect(ordered("10.0.0.10:80", "10.0.0.9:443", "10.0.0.9:80")).toEqual([
    "10.0.0.9:80",
    "10.0.0.9:443",
    "10.0.0.10:80",
  ]);
  expect(ordered("b", "a", "a1", "B", "1")).toEqual(["1", "B", "a", "a1", "b"]);
  expect(ordered("s99999999999999999999", "s100000000000000000000", "s3")[0]).toBe("s3");
});

test("keeps names apart that have the same numbers", () => {
  expect(ordered("s01", "s1", "s001")).toEqual(["s01", "s1", "s001"]);
});

test("finds the number at the end, and takes no port for one", () => {
  expect(["server-3", "S5", "10.0.0.7", "a", "10.0.0.7:80"].map(trailingNumber)).toEqual([3, 5, 7, null, null]);
});
