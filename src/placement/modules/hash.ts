import { PlacementError } from "../error.ts";
import type { Hash } from "../types.ts";
import { exportedFunction, exportsOf, forget, listExports, type Module, moduleFailed, show } from "./module.ts";

const MAX_BITS = 53;

/** What is wrong with a value that should be a hash, and what to do about it. */
function objection(value: unknown, bits: number): string {
  const range = `a hash is a whole number from 0 to 2^${bits} − 1`;
  if (typeof value === "bigint") return `${range}, so turn it into one with Number()`;
  if (typeof value !== "number" || !Number.isInteger(value)) return range;
  if (value < 0) return `${range}, and bit operations make signed numbers, which \`>>> 0\` turns into such`;
  return `${range}, unless the module exports more bits than ${bits} (up to ${MAX_BITS})`;
}

function bitsOf(module: string, bits: unknown): number {
  if (bits === undefined) return 32;
  if (typeof bits === "number" && Number.isInteger(bits) && bits >= 1 && bits <= MAX_BITS) return bits;
  throw new PlacementError(`${module} exports ${show(bits)} as bits: give a whole number from 1 to ${MAX_BITS}.`);
}

/**
 * The hash of a user's own module. Throws a PlacementError that names the module where its exports are none, and so does
 * the hash itself where the user's function throws or returns what is no hash.
 */
export function moduleHash(name: string, module: Module): Hash {
  const exports = exportsOf(module);
  const single = exportedFunction(name, exports, "hash") ?? (typeof exports.default === "function" && exports.default);
  const key = exportedFunction(name, exports, "hashKey");
  const vnode = exportedFunction(name, exports, "hashVnode");
  if (!single && (key === undefined || vnode === undefined)) {
    throw new PlacementError(
      `${name} has no hash (${listExports(exports)}): export a function hash(bytes), or both hashKey(bytes) and hashVnode(bytes, server, vnode).`,
    );
  }
  const bits = bitsOf(name, exports.bits);
  const limit = 2 ** bits;

  function checked(value: unknown, bytes: Uint8Array): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit) return value;
    forget(value);
    throw new PlacementError(`${name} returned ${show(value)} for ${textOf(bytes)}: ${objection(value, bits)}.`);
  }

  /** Calls the user's function with bytes that are as long as the text. */
  function call(hash: (...args: unknown[]) => unknown, bytes: Uint8Array, ...more: unknown[]): number {
    let value: unknown;
    try {
      value = hash(bytes, ...more);
    } catch (error) {
      throw moduleFailed(name, `on ${textOf(bytes)}`, error);
    }
    return checked(value, bytes);
  }

  const hashOne = (key ?? single) as (...args: unknown[]) => unknown;
  return {
    name,
    bits,
    source: module.source,
    hash: (bytes, length) => call(hashOne, bytes.subarray(0, length)),
    ...(vnode && {
      hashVnode: (bytes, length, server, number) => call(vnode, bytes.subarray(0, length), server, number),
    }),
  };
}

const textOf = (bytes: Uint8Array): string => show(new TextDecoder().decode(bytes));
