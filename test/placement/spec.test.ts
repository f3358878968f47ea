import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createPlacement,
  defaultPolicy,
  formatPolicy,
  hashes,
  PlacementError,
  type Policy,
  type PolicyName,
  type PolicySpec,
  parseHash,
  parsePolicies,
  parsePolicy,
  policies,
} from "../../src/placement/index.ts";
import { placed, servers } from "./servers.ts";

/** Any policy with any valid options. */
const anySpec: fc.Arbitrary<PolicySpec> = fc.constantFrom(...(Object.keys(policies) as PolicyName[])).chain((name) => {
  const rules: Policy["options"] = policies[name].options;
  const valid = Object.entries(rules).map(([option, { min, max, check }]) => {
    const likely = [min, 125, 65_537, max].filter((value) => check?.(value) === null);
    return [option, check === undefined ? fc.integer({ min, max }) : fc.constantFrom(...likely)] as const;
  });
  return fc.record({
    name: fc.constant(name),
    policy: fc.constant(policies[name]),
    options: fc.record(Object.fromEntries(valid)),
  });
});

describe("a policy's text", () => {
  test("comes back the same through formatPolicy and parsePolicy", () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(parsePolicy(formatPolicy(spec))).toEqual(spec);
      }),
    );
  });

  test("comes back the same in a list", () => {
    fc.assert(
      fc.property(fc.array(anySpec, { minLength: 1, maxLength: 5 }), (specs) => {
        expect(parsePolicies(specs.map(formatPolicy).join(","))).toEqual(specs);
      }),
    );
  });

  test("says only what differs from the defaults", () => {
    expect(formatPolicy(parsePolicy("ring:vnodes=160"))).toBe("ring");
    expect(formatPolicy(parsePolicy("classroom:vnodes=4,slots=512"))).toBe("classroom:vnodes=4");
    expect(formatPolicy({ name: "ring", policy: policies.ring, options: {} })).toBe("ring");
    expect(formatPolicy(parsePolicy("haproxy:key=addr-port,avalanche=yes"))).toBe("haproxy:key=addr-port");
  });

  test("has every option, the defaults filled in", () => {
    expect(parsePolicy("classroom:vnodes=4")).toMatchObject({ name: "classroom", options: { slots: 512, vnodes: 4 } });
    expect(parsePolicy(defaultPolicy)).toMatchObject({ name: "ring", options: { vnodes: 160, bounded: 0 } });
  });

  test.each([
    ["rng", /no policy "rng": did you mean ring\? choose from ring, /],
    ["Ring", /did you mean ring\?/],
    ["", /no policy ""/],
    ["constructor", /no policy "constructor": choose from/],
    ["ring:vnode=3", /ring has no option "vnode": did you mean vnodes\?/],
    ["ring:toString=3", /ring has no option "toString"/],
    ["modulo:x=1", /modulo has no option "x": there are none/],
    ["haproxy:key=port", /option key of haproxy is "port": choose from id, addr, addr-port/],
    ["haproxy:key=addrport", /did you mean addr-port\?/],
    ["haproxy:key=1", /option key of haproxy is "1": /],
    ["haproxy:key=", /write/],
    ["ring:vnodes=x", /write NAME=WHOLE-NUMBER/],
    ["ring:vnodes", /write NAME=WHOLE-NUMBER/],
    ["ring:", /write NAME=WHOLE-NUMBER/],
    ["ring:vnodes=1.5", /write NAME=WHOLE-NUMBER/],
    ["ring:vnodes=-1", /write NAME=WHOLE-NUMBER/],
    ["ring:vnodes=0", /is 0: give a whole number from 1 to 10000/],
    ["ring:vnodes=10001", /from 1 to 10000/],
    ["ring:bounded=100", /bounded of ring is 100: give over 100, or 0 for no bound/],
    ["maglev:size=65536", /size of maglev is 65536: give a prime number/],
  ])("%j is a mistake that is explained", (text, message) => {
    expect(() => parsePolicy(text)).toThrow(PlacementError);
    expect(() => parsePolicy(text)).toThrow(message);
  });
});

describe("a hash's name", () => {
  test("is one of the table", () => {
    for (const name of Object.keys(hashes)) expect(parseHash(name).name).toBe(name);
  });

  test("is explained when it is not", () => {
    expect(() => parseHash("murmur")).toThrow(/no hash "murmur": did you mean murmur3\? choose from xxh64, /);
    expect(() => parseHash("toString")).toThrow(PlacementError);
  });
});

describe("createPlacement", () => {
  test("fills in options and refuses bad ones", () => {
    const members = servers(4);
    const { ring } = policies;
    const short = createPlacement({ name: "ring", policy: ring, options: {} }, hashes.md5, members);
    expect(short.candidates("k")).toEqual(createPlacement(parsePolicy("ring"), hashes.md5, members).candidates("k"));
    const odd = { name: "ring", policy: ring, options: { vnodes: 2.5 } };
    expect(() => createPlacement(odd, hashes.md5, members)).toThrow(PlacementError);
  });

  test("sorts members by name, with digits as numbers, in code-unit order otherwise", () => {
    const names = [
      "b",
      "server-10",
      "server-2",
      "B",
      "a",
      "10.0.0.9:80",
      "10.0.0.10:80",
      "server-02",
      "server-",
      "a1b2",
      "a1b10",
    ];
    expect(
      placed(
        "ring",
        names.map((name) => ({ name, weight: 1 })),
      ).members.map(({ name }) => name),
    ).toEqual([
      "10.0.0.9:80",
      "10.0.0.10:80",
      "B",
      "a",
      "a1b2",
      "a1b10",
      "b",
      "server-",
      "server-02",
      "server-2",
      "server-10",
    ]);
  });

  test("sorts to the same order whatever the order given, for any names", () => {
    const name = fc.stringMatching(/^[a-b0-2.-]{1,6}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (names, dice) => {
        const order = (list: readonly string[]) =>
          placed(
            "modulo",
            list.map((each) => ({ name: each, weight: 1 })),
          ).members.map((member) => member.name);
        const shuffled = names.map((each) => [dice.next().value ?? 0, each] as const).toSorted(([a], [b]) => a - b);
        expect(order(shuffled.map(([, each]) => each))).toEqual(order(names));
      }),
    );
  });

  test("keeps members as they are given where the policy numbers them", () => {
    const members = ["b", "a"].map((name) => ({ name, weight: 1 }));
    expect(placed("haproxy", members).members.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  test("refuses a name that is given twice, and weights that make no sense", () => {
    expect(() => placed("ring", [...servers(2), ...servers(1)])).toThrow(/"server-1" is given twice/);
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e7]) {
      expect(() => placed("ring", [{ name: "a", weight }])).toThrow(/The weight of a is /);
    }
  });

  test("places by another hash otherwise", () => {
    const orders = Object.keys(hashes).map((hash) =>
      createPlacement(parsePolicy("ring"), parseHash(hash), servers(20)).candidates("k").join(),
    );
    expect(new Set(orders).size).toBe(orders.length);
  });
});
