import { expect, test } from "vitest";
import { createPlacement, type HashName, hashes, parsePolicy } from "../../../src/placement/index.ts";
import { countKeys, ownerOf, placed, servers, someKeys } from "../servers.ts";

const keys = someKeys(30_000);

// χ² with 19 degrees of freedom passes 43.8 once in a thousand by chance; the keys are fixed, so this is no lottery.
test.each(["xxh64", "murmur3", "md5"] satisfies HashName[])("is as even as chance with %s", (hash) => {
  const counts = countKeys(createPlacement(parsePolicy("rendezvous"), hashes[hash], servers(20)), keys);
  const mean = keys.length / 20;
  expect(counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)).toBeLessThan(43.8);
});

test("spreads a leaving server's keys over all the others evenly", () => {
  const before = placed("rendezvous", servers(11));
  const lost = keys.filter((key) => ownerOf(before, key) === "server-5");
  const after = placed(
    "rendezvous",
    servers(11).filter(({ name }) => name !== "server-5"),
  );
  const mean = lost.length / 10;
  // χ² with 9 degrees of freedom, one in a thousand.
  expect(countKeys(after, lost).reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)).toBeLessThan(27.9);
});

test("places the same with equal weights of any size", () => {
  const heavy = servers(8).map((member) => ({ ...member, weight: 2.5 }));
  const [one, other] = [placed("rendezvous", servers(8)), placed("rendezvous", heavy)];
  for (const key of keys.slice(0, 500)) expect(other.candidates(key)).toEqual(one.candidates(key));
});

test("moves only keys that the heavier server wins when its weight rises", () => {
  const heavier = servers(5).map((member, i) => ({ ...member, weight: i === 2 ? 3 : 1 }));
  const [before, after] = [placed("rendezvous", servers(5)), placed("rendezvous", heavier)];
  const moved = keys.filter((key) => ownerOf(before, key) !== ownerOf(after, key));
  expect(new Set(moved.map((key) => ownerOf(after, key)))).toEqual(new Set(["server-3"]));
  expect(countKeys(after, keys)[2]).toBeGreaterThan((3 / 7) * keys.length * 0.96);
});

test("spreads keys with every hash of the table that spreads them itself", () => {
  const { quadratic, ...even } = hashes;
  for (const hash of Object.values(even)) {
    const counts = countKeys(createPlacement(parsePolicy("rendezvous"), hash, servers(4)), keys);
    expect(Math.min(...counts)).toBeGreaterThan(keys.length / 5);
  }
});
