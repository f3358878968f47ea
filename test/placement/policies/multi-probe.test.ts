import { expect, test } from "vitest";
import { type Hash, policies } from "../../../src/placement/index.ts";
import { countKeys, cvOf, ownerOf, placed, servers, someKeys } from "../servers.ts";

const keys = someKeys(20_000);

/** "12" is 12: a ring that can be read. */
const toyHash: Hash = {
  name: "toy",
  bits: 32,
  hash: (bytes, length) => Number.parseInt(new TextDecoder().decode(bytes.subarray(0, length)), 10),
};

test("is a ring of one point a server with one probe", () => {
  const members = ["12", "24", "36"].map((name) => ({ name, weight: 1 }));
  const placement = policies["multi-probe"].build(members, toyHash, { probes: 1 });
  const of = (key: string) => placement.candidates(key);
  expect([of("0"), of("12"), of("13"), of("36"), of("37")]).toEqual([
    [0, 1, 2],
    [0, 1, 2], // inclusive
    [1, 2, 0],
    [2, 0, 1],
    [0, 1, 2], // round to the start
  ]);
});

test("is far more even with 21 probes than with one", () => {
  const [one, many] = [placed("multi-probe:probes=1", servers(50)), placed("multi-probe", servers(50))];
  expect(cvOf(countKeys(many, keys)) * 3).toBeLessThan(cvOf(countKeys(one, keys)));
});

test.each([
  [1, 1000],
  [5, 1000],
  [21, 1000],
])("with %i probes over %i servers spreads as the closed form expects", (probes, count) => {
  const many = someKeys(200_000);
  const expected = policies["multi-probe"].expectedCv?.(count, { probes }) ?? Number.NaN;
  const measured = cvOf(countKeys(placed(`multi-probe:probes=${probes}`, servers(count)), many));
  // Counting keys adds the noise of a perfect placement to the spread of the shares.
  expect(Math.abs(measured / Math.sqrt(expected ** 2 + (count - 1) / many.length) - 1)).toBeLessThan(0.1);
});

test("chooses as if servers that are down were not there", () => {
  const placement = placed("multi-probe", servers(10));
  const without = placed(
    "multi-probe",
    servers(10).filter(({ name }) => name !== "server-4"),
  );
  const down = placement.members.findIndex(({ name }) => name === "server-4");
  for (const key of keys.slice(0, 2000)) {
    const owner = placement.select(key, (member) => member !== down);
    expect(placement.members[owner]?.name).toBe(ownerOf(without, key));
  }
});
