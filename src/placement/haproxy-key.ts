import { fullHash, haproxyHashes } from "./hashes/haproxy.ts";
import type { Hash, OptionRule, PolicyOptions } from "./types.ts";

const functions: readonly Hash[] = Object.values(haproxyHashes);
const avalanches = functions.map(
  ({ name, bits, hash }): Hash => ({
    name: `${name} avalanche`,
    bits,
    hash: (bytes, length) => fullHash(hash(bytes, length)),
  }),
);

/** The options that both hash types have. Avalanche is what HAProxy does where `hash-type` names no function. */
export const keyOptions = (avalanche: "no" | "yes"): Record<"function" | "avalanche", OptionRule> => ({
  function: {
    default: 0,
    min: 0,
    max: functions.length - 1,
    choices: functions.map(({ name }) => name),
    help: "the hash function that hash-type names",
  },
  avalanche: {
    default: avalanche === "yes" ? 1 : 0,
    min: 0,
    max: 1,
    choices: ["no", "yes"],
    help: "whether hash-type says avalanche, or names no function and is consistent",
  },
});

/** The hash of keys that these options ask for, of 32 bits. */
export function keyHash(options: PolicyOptions): Hash {
  return (options.avalanche === 1 ? avalanches : functions)[options.function as number] ?? haproxyHashes.sdbm;
}
