import { hostOption, hostText, lastRemainder, normalWeights, remainder64 } from "../envoy-key.ts";
import { lastHigh, lastLow, xxh64, xxh64Seed1 } from "../hashes/xxh64.ts";
import { hashText } from "../key.ts";
import type { Hash, Member, Policy, PolicyOptions } from "../types.ts";
import { walkPlacement } from "../walk.ts";
import { fillTable, isPrime, type Preference } from "./maglev.ts";

/** Envoy's turns: every host has one in the first round, and then when its weights add up to the heaviest's turns. */
function takeTurns(weights: readonly number[]): () => number {
  const heaviest = Math.max(...weights);
  const due = new Float64Array(weights.length);
  let round = 1;
  let host = -1;
  return () => {
    for (;;) {
      host++;
      if (host === weights.length) {
        host = 0;
        round++;
      }
      if (round * (weights[host] as number) < (due[host] as number)) continue;
      due[host] = (due[host] as number) + heaviest;
      return host;
    }
  };
}

function hashMod(hash: Hash, text: string, divisor: number): number {
  hashText(hash, text);
  return lastRemainder(divisor);
}

/** The table of `members`, which take their turns in the order of the text that is hashed of them. */
export function buildTable(members: readonly Member[], options: PolicyOptions): Uint16Array {
  const size = options.size as number;
  const weights = normalWeights(members);
  const hosts = members
    .map((member, index) => ({ index, text: hostText(member, options) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.index - b.index));
  const preferences = hosts.map(
    ({ index, text }): Preference => ({
      offset: hashMod(xxh64, text, size),
      skip: hashMod(xxh64Seed1, text, size - 1) + 1,
      weight: weights[index] as number,
    }),
  );
  const table = fillTable(size, preferences, takeTurns(preferences.map(({ weight }) => weight)));
  return table.map((host) => (hosts[host] as { index: number }).index);
}

/**
 * The slot that try `tried` of a 64-bit hash, given as its halves, looks at: the first that of the hash itself, the
 * others that of the hash with the bits of −`tried` flipped.
 */
export function slotOfTry(high: number, low: number, tried: number, size: number): number {
  return tried === 0 ? remainder64(high, low, size) : remainder64(~high >>> 0, (low ^ -tried) >>> 0, size);
}

/**
 * What Envoy's `maglev` does with a hash policy of one value (the key given to select()) and the healthy hosts
 * `members`. `accept` skips as its retry host predicate does, try by try. A host that Envoy holds to be unhealthy is
 * not in the table: leave it out of `members`.
 */
export const envoyMaglev: Policy = {
  summary: "Envoy's own maglev, exactly: xxHash64 and a table of 65537",
  keyed: true,
  hashed: false,
  weighted: true,
  options: {
    size: {
      default: 65_537,
      min: 2,
      max: 5_000_011,
      help: "slots in the table, a prime: Envoy's table_size",
      check: (value) => (isPrime(value) ? null : "give a prime number"),
    },
    host: hostOption,
  },
  build(members, _hash, options) {
    const size = options.size as number;
    const table = buildTable(members, options);
    let high = 0;
    let low = 0;
    const start = (key: string): number => {
      hashText(xxh64, key);
      high = lastHigh();
      low = lastLow();
      return 0;
    };
    return walkPlacement(members, start, {
      steps: size,
      at: (_start, tried) => table[slotOfTry(high, low, tried, size)] as number,
    });
  },
  /** Of `size` slots, the first `size mod n` servers have one more than the others. */
  expectedCv: (servers, options) => {
    const size = options.size as number;
    const more = size % servers;
    return Math.sqrt(more * (servers - more)) / size;
  },
};
