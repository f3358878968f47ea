import { md5Words } from "../hashes/md5.ts";
import { hashText } from "../key.ts";
import { type Points, sortPoints } from "../points.ts";
import { clockwiseRing } from "../ring.ts";
import type { Hash, Member, Policy } from "../types.ts";
import { hashedWalk, roundSlots } from "../walk.ts";

const POINTS_PER_DIGEST = 4;
const DIGESTS_PER_SERVER = 40;

/** libketama's key hash: the first word of the MD5 digest, little-endian. */
const firstWord: Hash = {
  name: "ketama",
  bits: 32,
  hash: (bytes, length) => (md5Words(bytes, length)[0] as number) >>> 0,
};

/**
 * How many digests each member has: ⌊share · 40 · n⌋, in the single precision of libketama's floats. So a very light
 * server has none, and at a few counts of equal servers (61 is the first) rounding leaves each of them 39.
 */
function digestCounts(members: readonly Member[]): number[] {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  return members.map(({ weight }) => {
    const share = Math.fround(Math.fround(weight) / Math.fround(total));
    return Math.floor(Math.fround(share * DIGESTS_PER_SERVER * members.length));
  });
}

/** Four points of each digest of `name-0`, `name-1`, …: its words, little-endian. */
function serverPoints(members: readonly Member[], digests: readonly number[]): Float64Array {
  const points = new Float64Array(digests.reduce((sum, count) => sum + count, 0) * POINTS_PER_DIGEST);
  let next = 0;
  const takeWords: Hash = {
    name: "ketama points",
    bits: 32,
    hash(bytes, length) {
      for (const word of md5Words(bytes, length)) points[next++] = word >>> 0;
      return next;
    },
  };
  members.forEach(({ name }, m) => {
    for (let k = 0; k < (digests[m] as number); k++) hashText(takeWords, `${name}-${k}`);
  });
  return points;
}

function pointsOf(members: readonly Member[]): Points {
  const digests = digestCounts(members);
  const counts = digests.map((count) => count * POINTS_PER_DIGEST);
  return sortPoints(serverPoints(members, digests), counts, firstWord.bits);
}

/**
 * The ring of libketama, as memcached clients share it (https://github.com/RJ/ketama): its points and its key hash, of
 * servers' names. It hashes addresses: name servers by their addresses (`host:port`) to meet its points.
 */
export const ketama: Policy = {
  summary: "libketama's ring, as memcached clients share it: 160 MD5 points a server",
  keyed: true,
  hashed: false,
  weighted: true,
  options: {},
  build(members) {
    const { owners, search } = pointsOf(members);
    return hashedWalk(members, firstWord, search, roundSlots(owners));
  },
  ring: (members) => clockwiseRing(pointsOf(members), firstWord),
  /** As of a ring of 160 points a server. */
  expectedCv: (servers) => Math.sqrt((servers - 1) / (servers * DIGESTS_PER_SERVER * POINTS_PER_DIGEST + 1)),
};
