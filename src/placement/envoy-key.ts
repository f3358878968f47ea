import { lastHigh, lastLow } from "./hashes/xxh64.ts";
import { remainder } from "./remainder.ts";
import type { Member, OptionRule, PolicyOptions } from "./types.ts";
import { wholeWeights } from "./weights.ts";

/** What Envoy knows a host by. */
export const hostOption: OptionRule = {
  default: 0,
  min: 0,
  max: 1,
  choices: ["address", "name"],
  help: "what a server is known by; name is Envoy's use_hostname_for_hashing, or a hash_key",
};

/** The text that is hashed of a member: its address, or its name where it has none or is known by it. */
export function hostText({ name, address = name }: Member, options: PolicyOptions): string {
  return options.host === 1 ? name : address;
}

/** The weights over their sum, as doubles: Envoy reckons in these, and so do its models, to the same last bit. */
export function normalWeights(members: readonly Member[]): number[] {
  const weights = wholeWeights(members, "envoy");
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The 64-bit number of two halves mod `divisor`, a whole number below 2^26; exact, and without BigInt. */
export function remainder64(high: number, low: number, divisor: number): number {
  return remainder(remainder(high, divisor) * remainder(2 ** 32, divisor) + low, divisor);
}

/** The last xxHash64 mod `divisor`, as remainder64. */
export const lastRemainder = (divisor: number): number => remainder64(lastHigh(), lastLow(), divisor);
