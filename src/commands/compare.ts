import type { Context } from "../context.ts";
import { withModules } from "../modules/load.ts";
import { compareTable } from "../report/tables/compare-table.ts";
import type { CompareResult, Peak } from "../results/compare.ts";
import { type Comparison, compare } from "../simulate/compare.ts";
import { leastMovedByWeight } from "../stats/moved.ts";
import { parseScenario, type Scenario } from "../study/scenario.ts";
import { askedKeys } from "./key-flags.ts";

const USUAL_KEYS = 1_000_000;

/** Says what changes for keys and servers when one placement takes the place of another. */
export async function run({ args, flags, terminal }: Context): Promise<undefined> {
  const before = await withModules(args[0] ?? "", parseScenario);
  const after = await withModules(args[1] ?? "", parseScenario);
  const progress = await terminal.progress("reading the keys");
  try {
    const { keysOf, seed, workload } = await askedKeys(flags, USUAL_KEYS);
    const onProgress = (done: number, count: number) => progress.update(`${Math.round((100 * done) / count)} %`);
    const found = await compare(before.placement, after.placement, keysOf(seed), { onProgress });
    const result = { ...compareResult(before, after, found), workload };
    progress.clear();
    terminal.result(result, () => compareTable(result, terminal));
  } finally {
    progress.clear();
  }
}

function compareResult(before: Scenario, after: Scenario, found: Comparison): Omit<CompareResult, "workload"> {
  return {
    schemaVersion: 1,
    before: before.text,
    after: after.text,
    ...found,
    leastMoved: leastMovedByWeight(weightsOf(before), weightsOf(after)),
    peak: { before: peakOf(before, found, "before"), after: peakOf(after, found, "after") },
  };
}

const weightsOf = ({ members }: Scenario) => new Map(members.map(({ name, weight }) => [name, weight]));

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
