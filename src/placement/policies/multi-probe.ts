import { hashPoint, hashText } from "../key.ts";
import { sortPoints } from "../points.ts";
import { rehash } from "../rehash.ts";
import type { Accept, Policy } from "../types.ts";

/**
 * Multi-probe consistent hashing (Appleton and O'Reilly, 2015): each server is one point, and a key probes the ring
 * `probes` times; the probe that is nearest to the next point clockwise wins. Memory of one point a server, evenness
 * of many. When servers are not accepted, it chooses as if their points were not there.
 */
export const multiProbe: Policy = {
  summary: "a ring of one point a server that each key probes 21 times: even in little memory",
  keyed: true,
  hashed: true,
  weighted: false,
  options: {
    // The paper: 1 + 1/ε probes for a peak of 1 + ε times the mean, so 21 for 1.05.
    probes: { default: 21, min: 1, max: 1000, help: "how many times a key probes the ring" },
  },
  build(members, hash, options) {
    const probes = options.probes as number;
    const count = members.length;
    const size = 2 ** hash.bits;
    const unsorted = Float64Array.from(members, ({ name }) => hashPoint(hash, name));
    const { points, owners, search } = sortPoints(
      unsorted,
      members.map(() => 1),
      hash.bits,
    );

    /** Probes as double hashing makes them: one stride apart. No sum passes 2^53, so all are exact. */
    const stride = (hashed: number): number => rehash(hashed, 1) % size;
    const step = (position: number, by: number): number =>
      position >= size - by ? position - (size - by) : position + by;
    const distance = (from: number, to: number): number => (to >= from ? to - from : size - from + to);

    /** The first acceptable point from `place` on, as an index, or −1. */
    function acceptable(place: number, accept: Accept): number {
      for (let left = count, at = place; left > 0; left--, at = at + 1 === count ? 0 : at + 1) {
        if (accept(owners[at] as number)) return at;
      }
      return -1;
    }

    /** For each member, the least distance from a probe to its point. */
    function distances(key: string): Float64Array {
      const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
      let probe = hashText(hash, key);
      const by = stride(probe);
      for (let i = 0; i < probes; i++, probe = step(probe, by)) {
        members.forEach((_, m) => {
          nearest[m] = Math.min(nearest[m] as number, distance(probe, unsorted[m] as number));
        });
      }
      return nearest;
    }

    /** The owner of the acceptable point that is nearest to a probe of the key of this hash, or −1. */
    function nearestTo(hashed: number, accept?: Accept): number {
      let best = -1;
      let nearest = Number.POSITIVE_INFINITY;
      let probe = hashed;
      const by = stride(probe);
      for (let i = 0; i < probes; i++, probe = step(probe, by)) {
        const place = accept === undefined ? search(probe) : acceptable(search(probe), accept);
        if (place < 0) return -1;
        const far = distance(probe, points[place] as number);
        if (far < nearest) {
          nearest = far;
          best = owners[place] as number;
        }
      }
      return best;
    }

    return {
      members,
      select: (key, accept) => nearestTo(hashText(hash, key), accept),
      candidates: (key) => {
        const far = distances(key);
        return members.map((_, m) => m).sort((a, b) => (far[a] as number) - (far[b] as number));
      },
      byHash: { hash, member: (hashed) => nearestTo(hashed) },
    };
  },
  /**
   * A probe is farther than d from its point with chance about e^(−nd), and a server of arc g wins k·∫F^(k−1) over g.
   * From there for many servers 1/√(2k−1); with the 2 it is also exact for one probe, and for two servers. Between
   * these it is within some 3 %. It is a root mean square: one small ring is mostly better, and now and then far worse.
   */
  expectedCv: (servers, options) =>
    Math.sqrt((servers - 1) / ((servers - 1) * (2 * (options.probes as number) - 1) + 2)),
};
