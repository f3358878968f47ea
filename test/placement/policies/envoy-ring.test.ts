import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastHigh, lastLow, xxh64 } from "../../../src/placement/hashes/xxh64.ts";
import { type Member, policies } from "../../../src/placement/index.ts";
import { hashText } from "../../../src/placement/key.ts";
import { buildRing, placeFinder, type Ring } from "../../../src/placement/policies/envoy-ring.ts";
import { ownerOf, placed, servers } from "../servers.ts";

// The rings and choices are those of Envoy's unit test,
// test/extensions/load_balancing_policies/ring_hash/ring_hash_lb_test.cc, each named by its case there.

const LARGEST = 2 ** 23;
/** Hosts 127.0.0.1:90 and so on, named by their ports as there, of these weights. */
const hosts = (weights: readonly number[], from = 90): Member[] =>
  weights.map((weight, i) => ({ name: `${from + i}`, weight, address: `127.0.0.1:${from + i}` }));

/** Each point's position, in 64 bits, and the name of its host. */
const pointsOf = (members: readonly Member[], { tops, lows, owners }: Ring): [bigint, string][] =>
  Array.from(tops, (top, i) => [(BigInt(top) << 11n) | BigInt(lows[i] ?? 0), members[owners[i] ?? 0]?.name ?? ""]);

/** Chooses a host by a 64-bit hash. */
function chooser(members: readonly Member[], ring: Ring): (hash: bigint) => string {
  const find = placeFinder(ring);
  return (hash) => members[ring.owners[find(Number(hash >> 11n), Number(hash & 0x7ffn))] ?? -1]?.name ?? "none";
}

/** How many of `count` hashes, evenly apart, each host takes. */
function histogram(members: readonly Member[], ring: Ring, count: number): number[] {
  const choose = chooser(members, ring);
  const step = (2n ** 64n - 1n) / BigInt(count);
  const chosen = Array.from({ length: count }, (_, i) => choose(BigInt(i) * step));
  return members.map(({ name }) => chosen.filter((one) => one === name).length);
}

const six = hosts([1, 1, 1, 1, 1, 1]);

describe("Envoy's rings", () => {
  test("are those of its Basic case, by address", () => {
    const ring = buildRing(six, { min: 12, max: LARGEST, host: 0 });
    expect(pointsOf(six, ring)).toEqual([
      [833437586790550860n, "94"],
      [928266305478181108n, "92"],
      [1033482794131418490n, "90"],
      [3551244743356806947n, "95"],
      [3851675632748031481n, "93"],
      [5583722120771150861n, "91"],
      [6311230543546372928n, "91"],
      [7700377290971790572n, "93"],
      [13144177310400110813n, "95"],
      [13444792449719432967n, "92"],
      [15516499411664133160n, "94"],
      [16117243373044804889n, "90"],
    ]);
    const choose = chooser(six, ring);
    const hashes = [0n, 2n ** 64n - 1n, 3551244743356806947n, 3551244743356806948n, 16117243373044804880n];
    expect(hashes.map(choose)).toEqual(["94", "94", "95", "93", "90"]);
  });

  test("are those of its BasicWithHostname case, by name", () => {
    const ring = buildRing(six, { min: 12, max: LARGEST, host: 1 });
    expect(pointsOf(six, ring)).toEqual([
      [1975508444536362413n, "95"],
      [2376063919839173711n, "95"],
      [2386806903309390596n, "93"],
      [6749904478991551885n, "94"],
      [6803900775736438537n, "93"],
      [7225015537174310577n, "92"],
      [8787465352164086522n, "90"],
      [11282020843382717940n, "92"],
      [13723418369486627818n, "91"],
      [13776502110861797421n, "90"],
      [14338313586354474791n, "91"],
      [15364271037087512980n, "94"],
    ]);
  });

  test("are those of its UnevenHosts case", () => {
    const two = hosts([1, 1], 80);
    expect(pointsOf(two, buildRing(two, { min: 3, max: LARGEST, host: 0 }))).toEqual([
      [5454692015285649509n, "80"],
      [7859399908942313493n, "81"],
      [13838424394637650569n, "80"],
      [16064866803292627174n, "81"],
    ]);
  });

  test("are those of its HostWeightedTinyRing and HostAndLocalityWeightedTinyRing cases", () => {
    const three = hosts([1, 2, 3]);
    expect(pointsOf(three, buildRing(three, { min: 6, max: 6, host: 0 }))).toEqual([
      [928266305478181108n, "92"],
      [4443673547860492590n, "92"],
      [5583722120771150861n, "91"],
      [6311230543546372928n, "91"],
      [13444792449719432967n, "92"],
      [16117243373044804889n, "90"],
    ]);
    // There, 1:2 within each of two localities that are 1:2.
    const four = hosts([1, 2, 2, 4]);
    expect(pointsOf(four, buildRing(four, { min: 9, max: 9, host: 0 }))).toEqual([
      [928266305478181108n, "92"],
      [3851675632748031481n, "93"],
      [5583722120771150861n, "91"],
      [6311230543546372928n, "91"],
      [7700377290971790572n, "93"],
      [12559126875973811811n, "93"],
      [13444792449719432967n, "92"],
      [13784988426630141778n, "93"],
      [16117243373044804889n, "90"],
    ]);
  });

  test.each([
    ["HostWeightedLargeRing", [1, 2, 3], 6144, LARGEST, 6000, [987, 1932, 3081]],
    ["HostAndLocalityWeightedLargeRing", [1, 2, 2, 4], 9216, LARGEST, 9000, [924, 2009, 2053, 4014]],
    ["LargeFractionalScale", [1, 1], 1023, 1023, 1023, [526, 497]],
  ])("share hashes as in its %s case", (_case, weights, min, max, count, expected) => {
    const members = hosts(weights);
    expect(histogram(members, buildRing(members, { min, max, host: 0 }), count)).toEqual(expected);
  });

  test("leave hosts out where there is no room, as in its SmallFractionalScale and LopsidedWeightSmallScale cases", () => {
    const four = hosts([1, 1, 1, 1]);
    expect(buildRing(four, { min: 2, max: 2, host: 0 }).owners.length).toBe(2);
    // There, one host with 127 times the weight of the 1023 others together.
    const many = hosts([127 * 1023, ...new Array<number>(1023).fill(1)], 0);
    const others = pointsOf(many, buildRing(many, { min: 1024, max: 1024, host: 0 })).filter(
      ([, name]) => name !== "0",
    );
    expect(new Set(others)).toEqual(
      new Set([
        [11664790346325243808n, "1"],
        [15894554872961148518n, "128"],
        [13958138884277627155n, "256"],
        [15803774069438192949n, "384"],
        [3829253010855396576n, "512"],
        [17918147347826565154n, "640"],
        [6442769608292299103n, "768"],
        [5881074926069334434n, "896"],
      ]),
    );
  });
});

test("compares all 64 bits, also of points whose top 53 agree", () => {
  const ring: Ring = {
    tops: Float64Array.of(5, 9, 9, 9, 12),
    lows: Uint16Array.of(7, 0, 3, 2047, 1),
    owners: Uint16Array.of(0, 1, 2, 3, 4),
  };
  const find = placeFinder(ring);
  const hashes: [number, number][] = [
    [5, 7],
    [5, 8],
    [9, 0],
    [9, 1],
    [9, 3],
    [9, 4],
    [9, 2047],
    [12, 1],
    [12, 2],
    [0, 0],
  ];
  expect(hashes.map(([top, low]) => find(top, low))).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 0, 0]);
});

test("gives every key to the host of the first point at or after its 64-bit hash", () => {
  const placement = policies["envoy-ring"].build(servers(7), xxh64, { min: 1024, max: LARGEST, host: 0 });
  const points = pointsOf(servers(7), buildRing(servers(7), { min: 1024, max: LARGEST, host: 0 }));
  fc.assert(
    fc.property(fc.string(), (key) => {
      hashText(xxh64, key);
      const hash = (BigInt(lastHigh()) << 32n) | BigInt(lastLow());
      const [, name] = points.find(([position]) => position >= hash) ?? points[0] ?? [];
      expect(ownerOf(placement, key)).toBe(name);
    }),
  );
});

test("skips to the next point, as in Envoy's BasicWithRetryHostPredicate case", () => {
  const placement = policies["envoy-ring"].build(six, xxh64, { min: 12, max: LARGEST, host: 0 });
  // A key whose hash is past the last point or up to the first one, as 0 is there: 94 and 92 have the first two.
  const key = Array.from({ length: 1000 }, (_, i) => `k${i}`).find(
    (k) => placement.candidates(k).join() === "4,2,0,5,3,1",
  );
  expect(key).toBeDefined();
  expect(placement.select(key ?? "", (member) => member !== 4)).toBe(2);
});

test("refuses sizes the wrong way round", () => {
  expect(() => placed("envoy-ring:min=20,max=10", servers(2))).toThrow(/min=20 and max=10: give min at most max/);
});
