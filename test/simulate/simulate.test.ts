import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPlacement, parsePolicy } from "../../src/placement/index.ts";
import { clientAddress, clientKeys, MAX_CLIENTS } from "../../src/simulate/client-keys.ts";
import { movedBetween, simulate } from "../../src/simulate/simulate.ts";
import { sweep } from "../../src/simulate/sweep.ts";

const placed = (policy: string, ...names: string[]) =>
  createPlacement(
    parsePolicy(policy),
    "xxh64",
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
  it("are in 10.0.0.0/8 and the same for the same seed", () => {
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

  it("differ for different clients of one seed, every one of them", () => {
    const seen = new Uint8Array(MAX_CLIENTS);
    let distinct = 0;
    for (let index = 0; index < MAX_CLIENTS; index++) {
      const host = hostNumber(clientAddress(index, 20_231_117));
      if (seen[host] === 0) distinct++;
      seen[host] = 1;
    }
    expect(distinct).toBe(MAX_CLIENTS);
  }, 60_000); // Seconds of work, more on a busy machine.

  it("differ for any seed", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (seed, from) => {
        const { key } = clientKeys(1000, seed);
        expect(new Set(Array.from({ length: 1000 }, (_, i) => key(from + i * 7919))).size).toBe(1000);
      }),
    );
  });

  it("come again after the last, and differ from seed to seed", () => {
    expect(clientAddress(MAX_CLIENTS + 3, 9)).toBe(clientAddress(3, 9));
    const firsts = Array.from({ length: 100 }, (_, seed) => clientAddress(0, seed));
    expect(new Set(firsts).size).toBe(100);
  });
});

describe("simulate", () => {
  const keys = clientKeys(70_000, 1);
  const ring = placed("ring", "a", "b", "c");

  it("sends each key where the placement does, and counts", () => {
    const { members, owners, counts } = simulate(ring, keys);
    expect(members).toBe(ring.members);
    for (let i = 0; i < keys.count; i += 997) expect(owners[i]).toBe(ring.select(keys.key(i)));
    expect([...counts]).toEqual([0, 1, 2].map((m) => owners.filter((owner) => owner === m).length));
  });

  it("tells the policies that ask what each server has so far", () => {
    for (const policy of ["least-connections", "ring:bounded=101"]) {
      const placement = createPlacement(parsePolicy(policy), "xxh64", ring.members);
      const even = [...simulate(placement, clientKeys(30_000, 1)).counts];
      expect(Math.max(...even)).toBeLessThanOrEqual(10_100);
      expect([...(sweep([placement], clientKeys(30_000, 1))[0]?.counts ?? [])]).toEqual(even);
    }
  });

  it("tells how far it is, up to the end", () => {
    const told: (readonly [number, number])[] = [];
    simulate(ring, keys, (done, count) => told.push([done, count]));
    expect(told).toEqual([
      [65_536, 70_000],
      [70_000, 70_000],
    ]);
  });

  it("has nothing to say of no keys", () => {
    const none = simulate(ring, clientKeys(0, 1));
    expect([...none.counts]).toEqual([0, 0, 0]);
    expect(movedBetween(none, none)).toBe(0);
  });
});

describe("moves", () => {
  const keys = clientKeys(20_000, 2);

  it("are compared by name, so a server that shifts places in the list moves no key", () => {
    const [before, after] = [simulate(placed("ring", "m", "z"), keys), simulate(placed("ring", "a", "m", "z"), keys)];
    expect(movedBetween(before, before)).toBe(0);
    // Only what the new server took has moved.
    expect(movedBetween(before, after)).toBe((after.counts[0] ?? 0) / keys.count);
  });

  it("count all of a server that has left, and everything where no name is left", () => {
    const [before, after] = [simulate(placed("ring", "a", "m", "z"), keys), simulate(placed("ring", "m", "z"), keys)];
    expect(movedBetween(before, after)).toBe((before.counts[0] ?? 0) / keys.count);
    expect(movedBetween(before, simulate(placed("ring", "x"), keys))).toBe(1);
  });

  it("are the same step by step in a sweep", () => {
    const placements = [
      placed("ring", "b", "c"),
      placed("ring", "a", "b", "c"),
      placed("modulo", "a", "b", "c", "d"),
      placed("ring", "d"),
    ];
    const owners = placements.map((placement) => simulate(placement, keys));
    const steps = sweep(placements, keys);
    expect(steps.map(({ placement }) => placement)).toEqual(placements);
    expect(steps.map(({ counts }) => counts)).toEqual(owners.map(({ counts }) => counts));
    expect(steps.map(({ moved }) => moved)).toEqual(
      owners.map((after, i) => {
        const before = owners[i - 1];
        return before === undefined ? null : movedBetween(before, after);
      }),
    );
  });
});
