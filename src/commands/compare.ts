import type { Context, Flags } from "../context.ts";
import { usageError } from "../errors.ts";
import { type CompareResult, compareTable, type Peak } from "../report/compare-table.ts";
import { MAX_CLIENTS } from "../simulate/client-keys.ts";
import { type Comparison, compare } from "../simulate/compare.ts";
import { parseKeyField, readKeysFile } from "../simulate/keys-file.ts";
import { uniformKeys, type WeightedKeys, zipfKeys } from "../simulate/weighted-keys.ts";
import { leastMoved } from "../stats/moved.ts";
import { parseScenario, type Scenario } from "../study/scenario.ts";

/** Says what changes for keys and servers when one placement takes the place of another. */
export async function run({ args, flags, terminal }: Context): Promise<undefined> {
  const [before, after] = [parseScenario(args[0] ?? ""), parseScenario(args[1] ?? "")];
  const progress = await terminal.progress("reading the keys");
  try {
    const keys = await keysOf(flags);
    const onProgress = (done: number, count: number) => progress.update(`${Math.round((100 * done) / count)} %`);
    const result = compareResult(before, after, compare(before.placement, after.placement, keys, onProgress));
    progress.clear();
    terminal.result(result, () => compareTable(result, terminal));
  } finally {
    progress.clear();
  }
}

async function keysOf(flags: Flags): Promise<WeightedKeys> {
  const file = flags.text("keys-file");
  const field = flags.text("key-field");
  if (field !== undefined && file === undefined)
    throw usageError("--key-field says where the keys of a --keys-file are.");
  const zipf = flags.text("zipf");
  if (file !== undefined && zipf !== undefined) throw usageError("--zipf makes keys; a --keys-file brings its own.");
  const readKey = parseKeyField(field);
  if (file !== undefined) return await readKeysFile(file, readKey);
  const count = flags.whole("keys", 1, MAX_CLIENTS) ?? 1_000_000;
  const seed = flags.whole("seed", 0, 2 ** 32 - 1) ?? 1;
  return zipf === undefined ? uniformKeys(count, seed) : zipfKeys(count, count, exponent(zipf), seed);
}

function exponent(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 5) return value;
  throw usageError(`--zipf takes an exponent over 0 and up to 5, such as 1.1, not "${text}".`);
}

function compareResult(before: Scenario, after: Scenario, found: Comparison): CompareResult {
  return {
    schemaVersion: 1,
    before: before.text,
    after: after.text,
    ...found,
    leastMoved: leastOf(before, after),
    peak: { before: peakOf(before, found, "before"), after: peakOf(after, found, "after") },
  };
}

/** Known where servers weigh the same and only come or only go. */
function leastOf({ members: before }: Scenario, { members: after }: Scenario): number | null {
  const all = [...before, ...after];
  const names = new Set(all.map(({ name }) => name));
  const onlyOneWay = names.size === Math.max(before.length, after.length);
  const even = all.every(({ weight }) => weight === all[0]?.weight);
  return onlyOneWay && even ? leastMoved(before.length, after.length) : null;
}

function peakOf({ members }: Scenario, found: Comparison, when: "before" | "after"): Peak {
  const weights = members.reduce((total, { weight }) => total + weight, 0);
  const loads = members.map(({ name, weight }) => {
    const server = found.servers.find((each) => each.name === name);
    const over = (load: number, all: number) => load / ((all * weight) / weights);
    return {
      server: name,
      keys: over(server?.keys[when] ?? 0, found.keys),
      requests: over(server?.requests[when] ?? 0, found.requests),
    };
  });
  const busiest = loads.reduce((most, load) => (load.requests > most.requests ? load : most));
  return { ...busiest, keys: Math.max(...loads.map((load) => load.keys)) };
}
