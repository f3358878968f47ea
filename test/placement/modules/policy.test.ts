import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createPlacement,
  formatPolicy,
  hashes,
  type Member,
  type Placement,
  PlacementError,
  parsePolicies,
  parsePolicy,
  policies,
} from "../../../src/placement/index.ts";
import type { Build, Server } from "../../../src/placement/modules/author.ts";
import { ownerOf, servers, someKeys } from "../servers.ts";

const name = "my-policy.js#1a2b3c4d";
const modulesOf = (exports: Record<string, unknown>) => new Map([[name, { source: "…", exports }]]);
/** The policy of a module with these exports. */
const policyOf = (exports: Record<string, unknown>, text = name) => parsePolicy(text, modulesOf(exports));
const placedBy = (build: Build, members: readonly Member[] = servers(5)): Placement =>
  createPlacement(policyOf({ build }), hashes.xxh64, members);

/** One policy, in every way in which it may be written: keys go to hash mod N, and on from there. */
const forms: Record<string, Build> = {
  index: (all, hash) => (key) => hash(key) % all.length,
  name: (all, hash) => (key) => all[hash(key) % all.length]?.name ?? "",
  server: (all, hash) => (key) => all[hash(key) % all.length] ?? "",
  list: (all, hash) => (key) => all.map((_, step) => (hash(key) + step) % all.length),
  "list of servers": (all, hash) => (key) => {
    const first = hash(key) % all.length;
    return [...all.slice(first), ...all.slice(0, first)];
  },
  "generator with repetitions": (all, hash) =>
    function* (key) {
      const first = hash(key) % all.length;
      for (let step = 0; step < 3 * all.length; step++) yield (first + Math.floor(step / 2)) % all.length;
    },
};

describe.each(Object.entries(forms))("a policy that gives its choice as %s", (_form, build) => {
  const modulo = createPlacement(parsePolicy("modulo"), hashes.xxh64, servers(5));
  const placement = placedBy(build);

  test("gives every member once as a candidate, and the first acceptable one is selected", () => {
    const someDown = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(fc.string(), someDown, (key, up) => {
        const accept = (member: number) => up[member] === true;
        expect(placement.candidates(key)).toEqual(modulo.candidates(key));
        expect(placement.select(key)).toBe(modulo.select(key));
        expect(placement.select(key, accept)).toBe(modulo.select(key, accept));
      }),
    );
  });

  test("has a server where there is one, and none where there is none", () => {
    expect(placedBy(build, []).select("k")).toBe(-1);
    expect(placedBy(build, servers(1)).candidates("k")).toEqual([0]);
    expect(placedBy(build, servers(1)).select("k", () => false)).toBe(-1);
  });
});

describe("a user's policy", () => {
  test("is given the servers by name, with weights and addresses, whatever the order they come in", () => {
    const members = [
      { name: "b", weight: 2, address: "10.0.0.2:80" },
      { name: "a", weight: 1 },
    ];
    let given: readonly Server[] = [];
    placedBy((all) => {
      given = all;
      return () => 0;
    }, members);
    expect(given).toEqual(members.toReversed());
  });

  test("is given the hash that was asked for", () => {
    for (const hash of [hashes.xxh64, hashes.murmur3]) {
      const build: Build = (all, own) => {
        expect(own.bits).toBe(hash.bits);
        const points = all.flatMap((server) =>
          Array.from({ length: 160 }, (_, j) => [own.vnode(server.name, j), server] as const),
        );
        points.sort(([a], [b]) => a - b);
        return (key) => (points.find(([point]) => point >= own(key)) ?? points[0])?.[1] ?? 0;
      };
      const ours = createPlacement(policyOf({ build }), hash, servers(4));
      const ring = createPlacement(parsePolicy("ring"), hash, servers(4));
      for (const key of someKeys(200)) expect(ownerOf(ours, key)).toBe(ownerOf(ring, key));
    }
  });

  test("is told the load, by a server's index", () => {
    const loads = [3, 1, 2];
    const least: Build = (all) => (_key, load) => all.toSorted((a, b) => load(all.indexOf(a)) - load(all.indexOf(b)));
    const placement = placedBy(least, servers(3));
    expect(placement.select("k", undefined, (member) => loads[member] ?? 0)).toBe(1);
    expect(
      placement.select(
        "k",
        (member) => member !== 1,
        (member) => loads[member] ?? 0,
      ),
    ).toBe(2);
    expect(placement.select("k")).toBe(0);
  });

  test("prefers those that it leaves out last, in order", () => {
    expect(placedBy(() => () => ["server-4"]).candidates("k")).toEqual([3, 0, 1, 2, 4]);
    expect(placedBy(() => () => []).candidates("k")).toEqual([0, 1, 2, 3, 4]);
  });

  test("is asked for no more candidates than are needed", () => {
    let asked = 0;
    const placement = placedBy(
      () =>
        function* () {
          for (let member = 0; ; member++) {
            asked++;
            yield member % 5;
          }
        },
    );
    expect(placement.select("k", (member) => member === 1)).toBe(1);
    expect(asked).toBe(2);
    expect(placement.candidates("k")).toHaveLength(5);
  });

  test("is what it says of itself, or keyed, hashed and without weights", () => {
    const build: Build = () => () => 0;
    expect(policyOf({ build }).policy).toMatchObject({ keyed: true, hashed: true, weighted: false, options: {} });
    const said = { keyed: false, hashed: false, weighted: true, summary: "mine" };
    expect(policyOf({ build, ...said }).policy).toMatchObject(said);
    expect(policyOf({ default: { build, ...said } }).policy).toMatchObject(said);
    expect(policyOf({ default: build }).policy).toMatchObject({ keyed: true });
  });

  test("has options that are read, bounded and written as those of the table", () => {
    const options = { vnodes: 7, percent: { default: 5, min: 1, max: 100, help: "of all" } };
    let given = {};
    const build: Build = (_all, _hash, chosen) => {
      given = chosen;
      return () => 0;
    };
    const spec = policyOf({ build, options }, `${name}:percent=9,vnodes=7`);
    expect(formatPolicy(spec)).toBe(`${name}:percent=9`);
    createPlacement(spec, hashes.xxh64, servers(2));
    expect(given).toEqual({ vnodes: 7, percent: 9 });
    expect(() => policyOf({ build, options }, `${name}:percent=0`)).toThrow(/percent .* from 1 to 100 \(of all\)/);
    expect(() => policyOf({ build, options }, `${name}:vnode=1`)).toThrow(/did you mean vnodes\?/);
  });

  test("stands in a list among those of the table", () => {
    const modules = modulesOf({ build: () => () => 0, options: { a: 1, b: 2 } });
    const list = `ring:vnodes=4,${name}:a=3,b=4,maglev,${name}`;
    expect(parsePolicies(list, modules).map(formatPolicy)).toEqual([
      "ring:vnodes=4",
      `${name}:a=3,b=4`,
      "maglev",
      name,
    ]);
    expect(parsePolicies("ring", modules)[0]?.policy).toBe(policies.ring);
  });
});

describe("what is no policy", () => {
  const build: Build = () => () => 0;

  test.each([
    [
      {},
      /my-policy\.js#1a2b3c4d has no policy \(it exports nothing\): export a function build\(servers, hash, options\)/,
    ],
    [{ hash: () => 1, bits: 32 }, /it exports hash, bits/],
    [{ build: {} }, /exports an object as build: export a function/],
    [{ build, keyed: "yes" }, /exports "yes" as keyed: give true or false/],
    [{ build, options: 5 }, /exports 5 as options/],
    [{ build, options: { a: -1 } }, /the option "a" badly/],
    [{ build, options: { a: null } }, /the option "a" badly/],
    [{ build, options: { a: { default: 5, max: 4 } } }, /the option "a" badly/],
    [{ build, options: { "a=": 1 } }, /the option "a=" badly/],
  ])("%j is refused by what it exports", (exports, message) => {
    expect(() => policyOf(exports)).toThrow(PlacementError);
    expect(() => policyOf(exports)).toThrow(message);
  });

  test.each([
    [() => 5, /built 5: return a function from build/],
    [async () => () => 0, /built a promise/],
    [() => undefined, /built undefined/],
    [
      () => {
        throw new RangeError("too few");
      },
      /failed to build for 5 servers: RangeError: too few\.$/,
    ],
  ])("%s is refused as it is built", (wrong, message) => {
    expect(() => placedBy(wrong as unknown as Build)).toThrow(PlacementError);
    expect(() => placedBy(wrong as unknown as Build)).toThrow(message);
  });

  test.each([
    [() => 5, /chose 5 for the key "alice": give a server, its name, its index from 0 to 4, or a list of them/],
    [() => -1, /chose -1/],
    [() => 0.5, /chose 0\.5/],
    [() => "server-9", /chose "server-9"/],
    [() => ({ name: "server-9" }), /chose an object/],
    [() => [null], /chose null/],
    [() => undefined, /chose undefined/],
    [() => Promise.reject(new Error("late")), /chose a promise/],
    [(key: string) => key.repeat(-1), /failed on the key "alice": RangeError: /],
    [
      () => ({
        [Symbol.iterator]: () => ({
          next: () => {
            throw new Error("later");
          },
        }),
      }),
      /failed on the key "alice": Error: later/,
    ],
  ])("%s is refused as it chooses", (pick, message) => {
    const placement = placedBy(() => pick as never);
    for (const place of [() => placement.select("alice"), () => placement.candidates("alice")]) {
      expect(place).toThrow(PlacementError);
      expect(place).toThrow(message);
    }
  });

  test("an endless list without a server is cut off, and says which", () => {
    const placement = placedBy(
      () =>
        function* () {
          for (;;) yield 0;
        },
    );
    expect(placement.select("alice")).toBe(0);
    expect(() => placement.select("alice", (member) => member !== 0)).toThrow(
      /gave 1000000 candidates for the key "alice" without server-2: end the list/,
    );
  });

  test("a hash that fails says so itself", () => {
    const hash = {
      ...hashes.xxh64,
      hash: () => {
        throw new PlacementError("the hash says why");
      },
    };
    const policy = policyOf({ build: (_all: unknown, own: (text: string) => number) => (key: string) => own(key) });
    expect(() => createPlacement(policy, hash, servers(2)).select("k")).toThrow(/^the hash says why$/);
  });
});
