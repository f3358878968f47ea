import type { Flags } from "../context.ts";
import { usageError } from "../errors.ts";
import type { Workload } from "../results/run.ts";
import { MAX_CLIENTS } from "../workload/client-keys.ts";
import { parseKeyField, readKeysFile } from "../workload/keys-file.ts";
import { uniformKeys, type WeightedKeys, zipfKeys } from "../workload/weighted-keys.ts";

/** The keys that an offline study is asked for, for any seed, and how they are called. */
export interface AskedKeys {
  readonly workload: Workload;
  readonly seed: number;
  /** Keys that come from a file are the same for every seed. */
  readonly keysOf: (seed: number) => WeightedKeys;
}

/** Checks --keys, --count, --zipf, --keys-file, --key-field and --seed, and reads the file. Mistakes are usage errors. */
export async function askedKeys(flags: Flags, usual: number): Promise<AskedKeys> {
  const field = flags.text("key-field");
  const file = flags.text("keys-file");
  const seed = flags.whole("seed", 0, 2 ** 32 - 1) ?? 1;
  const readKey = parseKeyField(field);
  if (file === undefined && field !== undefined)
    throw usageError("--key-field says where the keys of a --keys-file are.");
  if (file === undefined) return { ...made(flags, usual), seed };
  const other = ["zipf", "keys", "clients", "count"].find((name) => flags.text(name) !== undefined);
  if (other !== undefined) throw usageError(`--${other} makes keys; a --keys-file brings its own: leave one out.`);
  const { keys, lines, withoutKey } = await readKeysFile(file, readKey);
  const workload = { kind: "file", file, keys: keys.count, requests: keys.requests, lines, withoutKey } as const;
  return { workload, seed, keysOf: () => keys };
}

/** Simulated clients: `--keys` of them, which share `--count` requests evenly or by Zipf's law. */
function made(flags: Flags, usual: number): Omit<AskedKeys, "seed"> {
  const count = flags.whole("count", 1, 1_000_000_000);
  const clients = flags.whole("clients", 1, MAX_CLIENTS);
  const asked = flags.whole("keys", 1, MAX_CLIENTS);
  if (clients !== undefined && asked !== undefined)
    throw usageError("--keys and --clients say the same: leave one out.");
  const keys = asked ?? clients ?? Math.min(count ?? usual, MAX_CLIENTS);
  const requests = count ?? keys;
  const zipf = flags.text("zipf");
  if (zipf === undefined)
    return {
      workload: { kind: "uniform", keys: Math.min(keys, requests), requests },
      keysOf: (seed) => uniformKeys(Math.min(keys, requests), seed, requests),
    };
  const exponent = zipfExponent(zipf);
  return {
    workload: { kind: "zipf", exponent, keys, requests },
    keysOf: (seed) => zipfKeys(keys, requests, exponent, seed),
  };
}

function zipfExponent(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 5) return value;
  throw usageError(`--zipf takes an exponent over 0 and up to 5, such as 1.1, not "${text}".`);
}
