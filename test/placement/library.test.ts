import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createPlacement,
  defaultHash,
  hashes,
  PlacementError,
  parsePolicy,
  policies,
} from "../../src/placement/index.ts";
import { placementOf } from "../../src/placement/library.ts";

const names = ["server-1", "server-2", "server-3", "server-4", "server-5"];
const keyed = Object.entries(policies)
  .filter(([, { keyed }]) => keyed)
  .map(([name]) => name);

/** HAProxy's map is another one for each set of servers that are up: whom a key falls to says nothing of whom it falls to next. */
const walking = keyed.filter((policy) => policy !== "haproxy-map");

// The models of nginx and HAProxy give requests without a key to their servers by turns, as these do.
describe.each(walking)("lbctl/placement: %s", (policy) => {
  const placement = placementOf(policy, names);

  test("has the owners that lbctl itself has, in its order", () => {
    const own = createPlacement(
      parsePolicy(policy),
      hashes[defaultHash],
      names.map((name) => ({ name, weight: 1 })),
    );
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 0, max: 7 }), (key, count) => {
        const order = own.candidates(key).map((member) => own.members[member]?.name);
        expect(placement.owners(key, count)).toEqual(order.slice(0, count));
        expect(placement.owner(key)).toBe(order[0]);
      }),
      { numRuns: 50 },
    );
  });

  test("has a key fall to the next owner when one is down, and come back", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.subarray(names), (key, down) => {
        const up = placement.owners(key, 5).filter((name) => !down.includes(name));
        expect(placement.owners(key, 5, (name) => down.includes(name))).toEqual(up);
        expect(placement.owner(key, (name) => down.includes(name))).toBe(up[0] ?? null);
      }),
      { numRuns: 50 },
    );
  });

  test("is the same whether servers joined and left, or were there from the start", () => {
    const other = placementOf(policy, names.slice(0, 4)).add("server-6", "server-5").remove("server-6");
    for (let key = 0; key < 200; key += 1) expect(other.owner(`${key}`)).toBe(placement.owner(`${key}`));
  });
});

test("lbctl/placement: haproxy-map has the owner of a map of those that are up", () => {
  const all = placementOf("haproxy-map", names);
  for (let key = 0; key < 200; key += 1) {
    const [first, second] = all.owners(`${key}`, 2);
    expect(all.owner(`${key}`)).toBe(first);
    expect(all.owner(`${key}`, (name) => name === first)).toBe(second);
    expect(all.owners(`${key}`, 9).toSorted()).toEqual(names);
  }
});

test("servers are names, texts with weights and addresses, or objects", () => {
  const { servers } = placementOf("ring", ["a", "b*2", "c=10.0.0.1:80*0.5", { name: "d", weight: 3 }, { name: "e" }]);
  expect(servers).toEqual([
    { name: "a", weight: 1 },
    { name: "b", weight: 2 },
    { name: "c", weight: 0.5, address: "10.0.0.1:80" },
    { name: "d", weight: 3 },
    { name: "e", weight: 1 },
  ]);
});

test("options and hashes are named as on the command line", () => {
  const few = placementOf("ring:vnodes=1", names, "murmur3");
  const many = placementOf("ring", names);
  const differ = Array.from({ length: 100 }, (_, key) => few.owner(`${key}`) === many.owner(`${key}`));
  expect(differ).toContain(false);
});

test("no server has no owner", () => {
  const nobody = placementOf("maglev", []);
  expect([nobody.owner("x"), nobody.owners("x", 3), nobody.servers]).toEqual([null, [], []]);
  expect(placementOf("maglev", ["a"]).owner("x", () => true)).toBeNull();
});

test.each([
  [() => placementOf("rnig", names), /did you mean ring/],
  [() => placementOf("ring", names, "md6"), /md6/],
  [() => placementOf("ring", ["a,b"]), /each its own element/],
  [() => placementOf("ring", ["a", "a"]), /given twice/],
  [() => placementOf("ring", [{ name: "a", weight: -1 }]), /weight of a/],
  [() => placementOf("ring", names).add("server-1"), /given twice/],
  [() => placementOf("ring", names).remove("server-9"), /no server "server-9"/],
])("what cannot be says what to mend: %s", (make, message) => {
  expect(make).toThrow(PlacementError);
  expect(make).toThrow(message);
});
