import { updateCrc32 } from "../hashes/crc32.ts";
import { hashText } from "../key.ts";
import { smoothTurns } from "../turns.ts";
import type { Hash, Member, Policy } from "../types.ts";
import { wholeWeights } from "../weights.ts";

/** How many hashes nginx makes for a server that is up, before it takes turns instead. */
const TRIES = 21;
/** A try adds 15 bits of a CRC to the sum of those before. */
const MAX_SUM = TRIES * 0x7fff;

/** The hash of each try: bits 16 to 30 of a CRC over the try's number, left out at the first, and the key. */
const hashes = Array.from({ length: TRIES }, (_, tried): Hash => {
  const digits = new TextEncoder().encode(tried === 0 ? "" : String(tried));
  const start = updateCrc32(-1, digits, digits.length);
  return {
    name: `nginx-try-${tried}`,
    bits: 32,
    hash: (bytes, length) => (~updateCrc32(start, bytes, length) >>> 16) & 0x7fff,
  };
});

/** The owner of each weight unit, server by server, as far as a sum of hashes can reach. */
function weightUnits(weights: readonly number[]): Uint16Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const owners = new Uint16Array(Math.min(total, MAX_SUM + 1));
  let from = 0;
  weights.forEach((weight, member) => {
    owners.fill(member, from, from + weight);
    from += weight;
  });
  return owners;
}

/**
 * What nginx's plain `hash KEY` does (as of 1.22; it is Cache::Memcached's), with the key given to select(). Servers
 * count in the order given. After 21 tries without an acceptable server, or for an empty key, nginx takes turns among
 * all, which depend on the requests before.
 */
export const nginxHash: Policy = {
  summary: "nginx's own plain hash KEY, exactly: CRC-32 modulo the weights; a change moves nearly every key",
  keyed: true,
  hashed: false,
  weighted: true,
  ordered: true,
  options: {},
  build(members: readonly Member[]) {
    const weights = wholeWeights(members, "nginx");
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const owners = weightUnits(weights);
    const all = Uint16Array.from(members, (_, member) => member);
    const turns = smoothTurns(weights);
    const ownerOf = (sum: number): number => owners[sum % total] as number;

    return {
      members,
      select: (key, accept) => {
        let sum = 0;
        for (let tried = key === "" ? TRIES : 0; tried < TRIES; tried++) {
          sum += hashText(hashes[tried] as Hash, key);
          const member = ownerOf(sum);
          if (accept === undefined || accept(member)) return member;
        }
        return turns.take(all, accept);
      },
      candidates: (key) => {
        const order = new Set<number>();
        let sum = 0;
        for (const hash of key === "" ? [] : hashes) {
          sum += hashText(hash, key);
          order.add(ownerOf(sum));
        }
        return [...order, ...turns.order(all).filter((member) => !order.has(member))];
      },
    };
  },
  /** Every server has the same share of the hashes. */
  expectedCv: () => 0,
};
