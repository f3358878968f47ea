import { formatPolicy, type Member, type Placement } from "../placement/index.ts";
import type { Candidate, Move } from "../results/recommend.ts";
import { oneByOne } from "../simulate/one-by-one.ts";
import { type Step, sweep } from "../simulate/sweep.ts";
import { evennessByWeight } from "../stats/by-weight.ts";
import { leastMovedByWeight } from "../stats/moved.ts";
import { spreadOf } from "../stats/spread.ts";
import type { WeightedKeys } from "../workload/weighted-keys.ts";
import { costOf } from "./cost.ts";
import { misfit, type PolicyVariant, place, placesKeys } from "./point.ts";

/** Servers as they are, with one more, and with one less; null where one is all there is. */
export interface Changes {
  readonly now: readonly Member[];
  readonly more: readonly Member[];
  readonly less: readonly Member[] | null;
}

/** One more server as the others are, and one taken from the middle: where policies that number servers suffer. */
export function changesOf(members: readonly Member[]): Changes {
  const middle = Math.floor((members.length - 1) / 2);
  const names = new Set(members.map(({ name }) => name));
  // The next number, as a fleet would give it, so that policies which number servers see the last one.
  const prefix = members[0]?.name.replace(/\d+$/, "") ?? "";
  let number = members.length + 1;
  while (names.has(`${prefix}${number}`)) number++;
  const fresh = {
    name: `${prefix}${number}`,
    weight: 1,
    ...(members[0]?.address === undefined ? {} : { address: FRESH_ADDRESS }),
  };
  return {
    now: members,
    more: [...members, fresh],
    less: members.length === 1 ? null : members.filter((_, i) => i !== middle),
  };
}

/** Of TEST-NET-1 (RFC 5737): no server has it. */
const FRESH_ADDRESS = "192.0.2.1:80";

export interface Trial {
  /** The servers of each run; moves are measured in the first. */
  readonly runs: readonly Changes[];
  readonly keysOf: (run: number) => WeightedKeys;
  readonly signal: AbortSignal;
}

/** Measures a policy variant: how even it is in each run, what a change of servers moves, and what it costs. */
export async function measure(variant: PolicyVariant, trial: Trial): Promise<Omit<Candidate, "meets" | "reasons">> {
  const [first, ...others] = trial.runs;
  if (first === undefined) throw new Error("a trial of no runs");
  const cannotLose = misfit(variant, first.less ?? []);
  const sets = [first.more, first.now, ...(first.less === null || cannotLose !== null ? [] : [first.less])];
  const [grown, now, shrunk] = await sweepRun(variant, sets, trial, 0);
  if (grown === undefined || now === undefined) throw new Error("a sweep without its steps");
  const even = [now];
  for (const [i, run] of others.entries()) even.push(...(await sweepRun(variant, [run.now], trial, i + 1)));
  const keys = trial.keysOf(0);
  const peaks = even.map((step) => peakOf(step, step.requests));
  return {
    policy: formatPolicy(variant.policy),
    hash: variant.hash?.name ?? null,
    peak: { mean: spreadOf(peaks).mean, worst: Math.max(...peaks) },
    peakByKeys:
      keys.skewed && placesKeys(variant.policy) ? Math.max(...even.map((step) => peakOf(step, step.keys))) : null,
    spilled: placesKeys(variant.policy) ? 0 : spilledOf(now.placement, oneByOne(keys)),
    add: moveBetween(grown, now),
    lose: shrunk === undefined ? null : moveBetween(now, shrunk),
    cannotLose,
    cost: await costOf(() => place(variant, now.placement.members), keys.key),
  };
}

function sweepRun(
  variant: PolicyVariant,
  sets: readonly (readonly Member[])[],
  { keysOf, signal }: Trial,
  run: number,
) {
  const keys = keysOf(run);
  const placements = sets.map((members) => place(variant, members));
  return sweep(placements, placesKeys(variant.policy) ? keys : oneByOne(keys), { signal });
}

const peakOf = ({ placement }: Step, loads: Float64Array): number =>
  evennessByWeight(
    [...loads],
    placement.members.map(({ weight }) => weight),
  ).peakToMean;

const SPILL_REQUESTS = 50_000;

/** The share of requests whose server, for its load, is not the one that the key would have alone. */
function spilledOf(placement: Placement, requests: WeightedKeys): number {
  const loads = new Float64Array(placement.members.length);
  const load = (member: number): number => loads[member] as number;
  const count = Math.min(SPILL_REQUESTS, requests.count);
  let spilled = 0;
  for (let index = 0; index < count; index++) {
    const key = requests.key(index);
    const owner = placement.select(key, undefined, load);
    if (owner !== placement.select(key)) spilled++;
    (loads[owner] as number)++;
  }
  return count === 0 ? 0 : spilled / count;
}

function moveBetween(before: Step, after: Step): Move {
  const least = leastMovedByWeight(byName(before), byName(after));
  const fraction = after.moved?.keys ?? 0;
  return { fraction, least, ratio: fraction / least };
}

const byName = ({ placement }: Step) => new Map(placement.members.map(({ name, weight }) => [name, weight]));
