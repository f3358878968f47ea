import type { Hash } from "../types.ts";
import { crc32 } from "./crc32.ts";
import { fnv1a } from "./fnv1a.ts";
import { md5 } from "./md5.ts";
import { murmur3 } from "./murmur3.ts";
import { xxh64 } from "./xxh64.ts";

/** Every hash function by its name, as `--hash` takes it. */
export const hashes = { xxh64, murmur3, fnv1a, crc32, md5 } satisfies Record<string, Hash>;

export type HashName = keyof typeof hashes;

/** The hash when nothing else is asked for. */
export const defaultHash: HashName = "xxh64";
