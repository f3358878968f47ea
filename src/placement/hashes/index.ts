import type { Hash } from "../types.ts";
import { crc32 } from "./crc32.ts";
import { fnv1a } from "./fnv1a.ts";
import { md5 } from "./md5.ts";
import { murmur3 } from "./murmur3.ts";
import { quadratic } from "./quadratic.ts";
import { sha1 } from "./sha1.ts";
import { sha256 } from "./sha256.ts";
import { DEFAULT_SIPHASH_KEY, siphashWith } from "./siphash.ts";
import { xxh32 } from "./xxh32.ts";
import { xxh64 } from "./xxh64.ts";

/** Every hash function by its name, as `--hash` takes it. */
export const hashes = {
  xxh64,
  xxh32,
  murmur3,
  fnv1a,
  crc32,
  md5,
  sha1,
  sha256,
  siphash: siphashWith(DEFAULT_SIPHASH_KEY, "siphash"),
  quadratic,
} satisfies Record<string, Hash>;

export type HashName = keyof typeof hashes;

/** The hash when nothing else is asked for. */
export const defaultHash: HashName = "xxh64";
