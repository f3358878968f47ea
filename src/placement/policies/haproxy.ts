import { PlacementError } from "../error.ts";
import { keyHash, keyOptions } from "../haproxy-key.ts";
import { fullHash } from "../hashes/haproxy.ts";
import { hashText } from "../key.ts";
import { type Points, sortPoints } from "../points.ts";
import type { Hash, Member, Placement, Policy, PolicyOptions, Ring } from "../types.ts";
import { countPoints, wholeWeights } from "../weights.ts";

/** The most that HAProxy takes as a weight. */
const MAX_WEIGHT = 256;
/** Points of a server of weight 1. */
const POINTS = 16;

/** What each server's points are counted from, by `hash-key`, in the order of the option's choices. */
const hashKeys = {
  /** The server's number, from 1, with room for the points of the greatest weight. */
  id: (_member: Member, index: number): number => (index + 1) * MAX_WEIGHT * POINTS,
  addr: (member: Member): number => fullHash(parseIpv4(member).address),
  "addr-port": (member: Member): number => {
    const { address, port } = parseIpv4(member);
    return fullHash(fullHash(port) + address);
  },
};

/** The address's four bytes, the first one lowest, as HAProxy has them in memory on a little-endian machine. */
function parseIpv4({ name, address = name }: Member): { address: number; port: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}):(\d{1,5})$/.exec(address)?.slice(1).map(Number);
  if (match === undefined || match.slice(0, 4).some((byte) => byte > 255)) {
    throw new PlacementError(
      `The address of ${name} is ${address}: haproxy hashes IPv4 addresses with a port, so give one, or leave out key=.`,
    );
  }
  const [a = 0, b = 0, c = 0, d = 0, port = 0] = match;
  return { address: a | (b << 8) | (c << 16) | (d << 24), port };
}

function pointsOf(members: readonly Member[], options: PolicyOptions): Points {
  const keyOf = Object.values(hashKeys)[options.key as number] ?? hashKeys.id;
  const firsts = members.map(keyOf);
  const counts = countPoints(wholeWeights(members, "haproxy", MAX_WEIGHT), POINTS);
  const points = counts.flatMap((count, m) =>
    Array.from({ length: count }, (_, j) => fullHash((firsts[m] as number) + j)),
  );
  return sortPoints(Float64Array.from(points), counts, 32);
}

/**
 * A placement in which the nearest point on either side takes the key. That of two equally near is the one before,
 * and candidates follow by distance: HAProxy takes a server that is down off the ring, and its neighbours close up.
 */
function nearestPlacement(members: readonly Member[], points: Points, hash: Hash): Placement {
  const { points: positions, owners, search } = points;
  const total = positions.length;
  const previous = (place: number): number => (place === 0 ? total - 1 : place - 1);
  const next = (place: number): number => (place + 1 >= total ? 0 : place + 1);
  // Round the ring: a difference below 0 is the way past 2^32.
  const isNearer = (hashed: number, before: number, after: number): boolean =>
    (hashed - (positions[before] as number)) >>> 0 <= ((positions[after] as number) - hashed) >>> 0;

  /** The owner of the nearest point that `accept` takes, or −1. */
  function walk(hashed: number, accept: (member: number) => boolean): number {
    let after = search(hashed);
    let before = previous(after);
    for (let left = total; left > 0; left--) {
      const back = isNearer(hashed, before, after);
      const nearest = owners[back ? before : after] as number;
      if (accept(nearest)) return nearest;
      if (back) before = previous(before);
      else after = next(after);
    }
    return -1;
  }

  return {
    members,
    select: (key, accept = acceptAll) => walk(hashText(hash, key), accept),
    candidates: (key) => {
      const order = new Set<number>();
      walk(hashText(hash, key), (member) => {
        order.add(member);
        return order.size === members.length;
      });
      return [...order];
    },
    byHash: { hash, member: (hashed) => walk(hashed, acceptAll) },
  };
}

/** Between two points the one takes the keys up to the middle, and the other those after it. */
function nearestRing({ points, owners }: Points): Ring {
  const places = points.map((point) => point / 2 ** 32);
  const next = (i: number): number => places[i + 1] ?? 1 + (places[0] as number);
  return { points: places, owners, ends: places.map((place, i) => (place + next(i)) / 2) };
}

const acceptAll = (): boolean => true;

/**
 * What HAProxy's `balance uri whole` (or `balance hash`) with `hash-type consistent` does (as of 2.6), with the key
 * given to select(). Its servers are numbered from 1 in the order given; `hash-key` came with 3.0.
 */
export const haproxy: Policy = {
  summary: "HAProxy's own hash-type consistent, exactly: 16 points a server, the nearest on either side",
  keyed: true,
  hashed: false,
  weighted: true,
  ordered: true,
  options: {
    key: {
      default: 0,
      min: 0,
      max: 2,
      choices: Object.keys(hashKeys),
      help: "what a server is known by, as hash-key says",
    },
    ...keyOptions("yes"),
  },
  build: (members, _hash, options) => nearestPlacement(members, pointsOf(members, options), keyHash(options)),
  ring: (members, _hash, options) => nearestRing(pointsOf(members, options)),
};
