import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Placement } from "../placement/index.ts";

/** What a placement costs on this machine. */
export interface Cost {
  readonly buildMs: number;
  /** Memory that it keeps. */
  readonly bytes: number;
  /** Nanoseconds a lookup, hashing included. */
  readonly lookupNs: number;
}

const KEYS = 2 ** 14;
const FEW = 64;
const ROUNDS = 5;
const MAX_BUILT = 50;
/** A slow policy is timed over fewer keys, so that a measurement stays short. */
const MAX_MS_A_ROUND = 20;

/** Builds and times a placement: the least of a few rounds, which other work on the machine disturbs least. */
export async function costOf(build: () => Placement, keyOf: (index: number) => string): Promise<Cost> {
  const keys = Array.from({ length: KEYS }, (_, index) => keyOf(index));
  const { placement, bytes } = await builtWithMemory(build);
  const loads = new Float64Array(placement.members.length);
  const load = (member: number): number => loads[member] as number;
  const look = (some: readonly string[]) => (): void => {
    loads.fill(0);
    for (const key of some) (loads[placement.select(key, undefined, load)] as number)++;
  };
  const firstMs = leastMs(1, look(keys.slice(0, FEW))) / FEW;
  const some = keys.slice(0, Math.max(FEW, Math.floor(MAX_MS_A_ROUND / Math.max(firstMs, 1e-6))));
  return {
    buildMs: leastMs(2, () => void build()),
    bytes,
    lookupNs: (leastMs(ROUNDS, look(some)) * 1e6) / some.length,
  };
}

/** Several of the small ones are built, so that what the collector leaves or takes elsewhere does not show. */
async function builtWithMemory(build: () => Placement): Promise<{ placement: Placement; bytes: number }> {
  const placement = build();
  const before = await memory();
  const kept: Placement[] = [];
  const began = performance.now();
  do kept.push(build());
  while (kept.length < MAX_BUILT && performance.now() - began < MAX_MS_A_ROUND);
  const after = await memory();
  return { placement, bytes: Math.max(0, after - before) / kept.length };
}

/** Bytes in use once garbage is gone. V8 gives up the memory of arrays a little later, in the background. */
async function memory(): Promise<number> {
  for (let time = 0; time < 2; time++) {
    collectGarbage();
    await setTimeout(5);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Node gives away its collector only to those who ask V8 for it. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}

/** The least milliseconds of some rounds of work. */
function leastMs(rounds: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    work();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}
