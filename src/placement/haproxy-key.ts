import { fullHash, haproxyHashes } from "./hashes/haproxy.ts";
import { hashText } from "./key.ts";
import type { OptionRule, PolicyOptions } from "./types.ts";

const functions = Object.values(haproxyHashes);

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

/** The 32-bit hash of a key, as these options have it made. */
export function keyHash(options: PolicyOptions): (key: string) => number {
  const hash = functions[options.function as number] ?? haproxyHashes.sdbm;
  return options.avalanche === 1 ? (key) => fullHash(hashText(hash, key)) : (key) => hashText(hash, key);
}
