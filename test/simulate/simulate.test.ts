import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlacement, hashes, parsePolicy } from "../../src/placement/index.ts";
import { oneByOne } from "../../src/simulate/one-by-one.ts";
import { movedBetween, simulate } from "../../src/simulate/simulate.ts";
import { sweep } from "../../src/simulate/sweep.ts";
import { clientAddress, clientKeys, MAX_CLIENTS } from "../../src/workload/client-keys.ts";
import { countedKeys, uniformKeys, type WeightedKeys, zipfKeys } from "../../src/workload/weighted-keys.ts";

const placed = (policy: string, ...names: string[]) =>
  createPlacement(
    parsePolicy(policy),
    hashes.xxh64,
    names.map((name) => ({ name, weight: 1 })),
  );

/** The last 24 bits of an address 10.x.y.z; without split(), for sixteen million of them. */
function hostNumber(address: string): number {
  let [host, octet] = [0, 0];
  for (let at = 3; at < address.length; at++) {
    const digit = address.charCodeAt(at) - 48;
    if (digit >= 0) octet = octet * 10 + digit;
    else [host, octet] = [host * 256 + octet, 0];
  }
  return host * 256 + octet;
}

describe("client addresses", () => {
  test("are in 10.0.0.0/8 and the same for the same seed", () => {
    const clients = fc.tuple(fc.nat({ max: MAX_CLIENTS - 1 }), fc.integer());
    fc.assert(
      fc.property(clients, ([index, seed]) => {
        const octets = clientAddress(index, seed).split(".").map(Number);
        expect(octets).toHaveLength(4);
        expect(octets[0]).toBe(10);
        expect(octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255)).toBe(true);
        expect(clientAddress(index, seed)).toBe(clientAddress(index, seed));
      }),
    );
  });

  test("differ for different clients of one seed: one in 16 of them all, every one in `npm run fuzz`", () => {
    const step = process.env.LBCTL_FUZZ === undefined ? 16 : 1;
    const seen = new Uint8Array(MAX_CLIENTS);
    let distinct = 0;
    for (let index = 0; index < MAX_CLIENTS; index += step) {
      const host = hostNumber(clientAddress(index, 20_231_117));
      if (seen[host] === 0) distinct++;
      seen[host] = 1;
    }
    expect(distinct).toBe(MAX_CLIENTS / step);
  });

  test("differ for any seed", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (seed, from) => {
        const { key } = clientKeys(1000, seed);
        expect(new Set(Array.from({ length: 1000 }, (_, i) => key(from + i * 7919))).size).toBe(1000);
      }),
    );
  });

  test("come again after the last, and differ from seed to seed", () => {
    expect(clientAddress(MAX_CLIENTS + 3, 9)).toBe(clientAddress(3, 9));
    const firsts = Array.from({ length: 100 }, (_, seed) => clientAddress(0, seed));
    expect(new Set(firsts).size).toBe(100);
  });
});

describe("simulate", () => {
  const keys = clientKeys(70_000, 1);
  const ring = placed("ring", "a", "b", "c");

  test("sends each key where the placement does, and counts", () => {
    const { members, owners, counts } = simulate(ring, keys);
    expect(members).toBe(ring.members);
    for (let i = 0; i < keys.count; i += 997) expect(owners[i]).toBe(ring.select(keys.key(i)));
    expect([...counts]).toEqual([0, 1, 2].map((m) => owners.filter((owner) => owner === m).length));
  });

  test("tells the policies that ask what each server has so far", async () => {
    for (const policy of ["least-connections", "ring:bounded=101"]) {
      const placement = createPlacement(parsePolicy(policy), hashes.xxh64, ring.members);
      const even = [...simulate(placement, clientKeys(30_000, 1)).counts];
      expect(Math.max(...even)).toBeLessThanOrEqual(10_100);
      const [step] = await sweep([placement], uniformKeys(30_000, 1));
      expect([...(step?.requests ?? [])]).toEqual(even);
    }
  });

  test("has nothing to say of no keys", () => {
    const none = simulate(ring, clientKeys(0, 1));
    expect([...none.counts]).toEqual([0, 0, 0]);
    expect(movedBetween(none, none)).toBe(0);
  });
});

describe("moves", () => {
  const keys = clientKeys(20_000, 2);

  test("are compared by name, so a server that shifts places in the list moves no key", () => {
    const [before, after] = [simulate(placed("ring", "m", "z"), keys), simulate(placed("ring", "a", "m", "z"), keys)];
    expect(movedBetween(before, before)).toBe(0);
    // Only what the new server took has moved.
    expect(movedBetween(before, after)).toBe((after.counts[0] ?? 0) / keys.count);
  });

  test("count all of a server that has left, and everything where no name is left", () => {
    const [before, after] = [simulate(placed("ring", "a", "m", "z"), keys), simulate(placed("ring", "m", "z"), keys)];
    expect(movedBetween(before, after)).toBe((before.counts[0] ?? 0) / keys.count);
    expect(movedBetween(before, simulate(placed("ring", "x"), keys))).toBe(1);
  });

  test("are the same step by step in a sweep", async () => {
    const placements = [
      placed("ring", "b", "c"),
      placed("ring", "a", "b", "c"),
      placed("modulo", "a", "b", "c", "d"),
      placed("ring", "d"),
    ];
    const owners = placements.map((placement) => simulate(placement, keys));
    const steps = await sweep(placements, uniformKeys(20_000, 2));
    expect(steps.map(({ placement }) => placement)).toEqual(placements);
    expect(steps.map((step) => step.keys)).toEqual(owners.map(({ counts }) => counts));
    expect(steps.map((step) => step.requests)).toEqual(owners.map(({ counts }) => counts));
    const moved = owners.slice(1).map((after, i) => movedBetween(owners[i] as (typeof owners)[number], after));
    expect(steps.map((step) => step.moved)).toEqual([
      null,
      ...moved.map((share) => ({ keys: share, requests: share })),
    ]);
  });
});

describe("a sweep", () => {
  const placements = [placed("ring", "a", "b"), placed("ring", "a", "b", "c")];

  test("tells how far it is, up to the end", async () => {
    const progress: (readonly [number, number])[] = [];
    await sweep(placements, uniformKeys(40_000, 1), { onProgress: (done, count) => progress.push([done, count]) });
    expect(progress).toEqual([
      [16_384, 40_000],
      [32_768, 40_000],
      [40_000, 40_000],
    ]);
  });

  test("ends when it is aborted", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("enough"));
    const ended = sweep(placements, uniformKeys(10_000_000, 1), { onProgress, signal: controller.signal });
    await expect(ended).rejects.toThrow("enough");
  });

  test("tells requests from keys", async () => {
    const keys = countedKeys(
      new Map([
        ["hot", 90],
        ["cold", 9],
        ["rare", 1],
      ]),
    );
    const [before, after] = await sweep(placements, keys);
    const owner = placements[0]?.select("hot") ?? -1;
    expect(before?.requests[owner]).toBeGreaterThanOrEqual(90);
    expect([...(before?.keys ?? [])].reduce((sum, n) => sum + n, 0)).toBe(3);
    expect([...(after?.requests ?? [])].reduce((sum, n) => sum + n, 0)).toBe(100);
    const moves = ["hot", "cold", "rare"].map((key) =>
      placements.map(({ members, select }) => members[select(key)]?.name),
    );
    const movedKeys = moves.filter(([from, to]) => from !== to).length;
    expect(after?.moved?.keys).toBe(movedKeys / 3);
  });
});

describe("requests one by one", () => {
  const tally = (keys: WeightedKeys, upTo = keys.count): Map<string, number> => {
    const seen = new Map<string, number>();
    for (let i = 0; i < upTo; i++) seen.set(keys.key(i), (seen.get(keys.key(i)) ?? 0) + 1);
    return seen;
  };

  test("come as often as their keys say, from the beginning on", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(weights, (requests) => {
        const keys = countedKeys(new Map(requests.map((count, i) => [`key-${i}`, count])));
        const single = oneByOne(keys);
        expect(single.count).toBe(keys.requests);
        const [half, all] = [tally(single, single.count >>> 1), tally(single)];
        requests.forEach((count, i) => {
          expect(Math.abs((all.get(`key-${i}`) ?? 0) - count)).toBeLessThanOrEqual(4);
          expect(Math.abs((half.get(`key-${i}`) ?? 0) - count / 2)).toBeLessThanOrEqual(4);
        });
      }),
    );
  });

  test("by Zipf's law give every client about its share", () => {
    const keys = zipfKeys(1000, 100_000, 1.1, 1);
    const seen = tally(oneByOne(keys));
    for (let i = 0; i < 1000; i++) expect(Math.abs((seen.get(keys.key(i)) ?? 0) - keys.requestsOf(i))).toBeLessThan(4);
  });

  test("of clients with one request each are those clients", () => {
    const keys = uniformKeys(100, 1);
    expect(oneByOne(keys)).toBe(keys);
  });
});
