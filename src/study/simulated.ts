import { formatMember, formatPolicy, type Member, type Placement, PlacementError } from "../placement/index.ts";
import type { StudyPoint } from "../results/run.ts";
import { oneByOne } from "../simulate/one-by-one.ts";
import { type Step, sweep } from "../simulate/sweep.ts";
import { evennessByWeight } from "../stats/by-weight.ts";
import { leastMovedByWeight } from "../stats/moved.ts";
import { spreadOf } from "../stats/spread.ts";
import { type KeyFacts, keyFacts } from "../workload/hot-keys.ts";
import type { WeightedKeys } from "../workload/weighted-keys.ts";
import { misfit, type PolicyVariant, place, placesKeys, studyPoint } from "./point.ts";

export interface SimulatedStudy {
  /** The servers of each step, in run 0 ≤ `run`. */
  readonly membersOf: (run: number) => readonly (readonly Member[])[];
  readonly variants: readonly PolicyVariant[];
  /** The keys of a run, the same in each step. */
  readonly keysOf: (run: number) => WeightedKeys;
  readonly runs: number;
  /** Hears the share done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** Steps of a variant that its policy has no room for. */
export interface LeftOut {
  readonly policy: string;
  readonly servers: number[];
  readonly reason: string;
}

export interface SimulatedResult {
  readonly points: StudyPoint[];
  readonly leftOut: LeftOut[];
}

/**
 * The study of `analyze`, offline: the same servers and placement code as the live one, and with the same keys the same
 * counts. When aborted it returns the variants that are done. Throws a PlacementError for a variant that has no step at all.
 */
export async function simulatedStudy(study: SimulatedStudy): Promise<SimulatedResult> {
  const result: SimulatedResult = { points: [], leftOut: [] };
  const facts = keyFacts(study.keysOf(0));
  const plans = study.variants.map((variant) => planned(variant, study.membersOf(0)));
  result.leftOut.push(...plans.flatMap(({ leftOut }) => leftOut ?? []));
  try {
    for (const [done, { variant, fits }] of plans.entries()) {
      const onProgress = (share: number): void => study.onProgress((done + share) / study.variants.length);
      result.points.push(...(await severalRuns(study, { variant, fits }, facts, onProgress)));
    }
  } catch (error) {
    if (!study.signal.aborted) throw error;
  }
  return result;
}

/** A variant with the steps, by index, that its policy has room for. */
interface Plan {
  readonly variant: PolicyVariant;
  readonly fits: readonly number[];
  readonly leftOut: LeftOut | null;
}

function planned(variant: PolicyVariant, steps: readonly (readonly Member[])[]): Plan {
  const errors = steps.map((members) => misfit(variant, members));
  const fits = [...errors.keys()].filter((step) => errors[step] === null);
  const reason = errors.find((error) => error !== null) ?? null;
  if (reason !== null && fits.length === 0) throw new PlacementError(reason);
  const servers = steps.flatMap((members, step) => (errors[step] === null ? [] : members.length));
  return { variant, fits, leftOut: reason === null ? null : { policy: formatPolicy(variant.policy), servers, reason } };
}

/** The points of the first run, each with what the others show beside it. */
async function severalRuns(
  study: SimulatedStudy,
  { variant, fits }: Pick<Plan, "variant" | "fits">,
  facts: KeyFacts,
  onProgress: (share: number) => void,
): Promise<StudyPoint[]> {
  const runs: StudyPoint[][] = [];
  for (let run = 0; run < study.runs; run++) {
    const steps = study.membersOf(run);
    const placements = fits.map((step) => place(variant, steps[step] ?? []));
    const onShare = (share: number): void => onProgress((run + share) / study.runs);
    runs.push(await oneRun(placements, study.keysOf(run), variant, { onShare, signal: study.signal, facts }));
  }
  const [first = []] = runs;
  if (runs.length === 1) return first;
  return first.map((point, step) => ({ ...point, runs: overRuns(runs.flatMap((points) => points[step] ?? [])) }));
}

function overRuns(points: readonly StudyPoint[]): NonNullable<StudyPoint["runs"]> {
  const moved = points.flatMap((point) => point.moved?.fraction ?? []);
  return {
    count: points.length,
    cv: spreadOf(points.map((point) => point.byWeight?.cv ?? point.cv)),
    peakToMean: spreadOf(points.map((point) => point.byWeight?.peakToMean ?? point.peakToMean)),
    moved: moved.length === 0 ? null : spreadOf(moved),
  };
}

async function oneRun(
  placements: readonly Placement[],
  given: WeightedKeys,
  variant: PolicyVariant,
  { onShare, signal, facts }: { onShare: (share: number) => void; signal: AbortSignal; facts: KeyFacts },
): Promise<StudyPoint[]> {
  const keys = placesKeys(variant.policy) ? given : oneByOne(given);
  const onProgress = (done: number, count: number): void => onShare(done / count);
  const steps = await sweep(placements, keys, { onProgress, signal });
  return steps.map((step, i) => simulatedPoint(variant, { keys: given, facts }, step, steps[i - 1]));
}

/** The keys of a run, and what is run of them, which is of the first run's. */
interface RunKeys {
  readonly keys: WeightedKeys;
  readonly facts: KeyFacts;
}

function simulatedPoint(variant: PolicyVariant, run: RunKeys, step: Step, before: Step | undefined): StudyPoint {
  const { members } = step.placement;
  const moved = step.moved && before && { ...leastOf(before, step), fraction: step.moved.keys };
  const counts = named(members, step.requests);
  const point = studyPoint({ variant, counts, keys: run.keys.count, moved: moved ?? null });
  const isMore = members.some(({ weight, address }) => weight !== 1 || address !== undefined);
  const written = isMore ? { members: members.map(formatMember) } : {};
  return { ...point, ...written, ...weightFigures(step, point), ...keyFigures(variant, run, step) };
}

const named = (members: readonly Member[], counts: Float64Array): Record<string, number> =>
  Object.fromEntries(members.map(({ name }, at) => [name, counts[at] ?? 0]));

const weightsOf = (members: readonly Member[]): number[] => members.map(({ weight }) => weight);
const byName = ({ placement }: Step) => new Map(placement.members.map(({ name, weight }) => [name, weight]));

const leastOf = (before: Step, after: Step) => ({
  fromServers: before.placement.members.length,
  ideal: leastMovedByWeight(byName(before), byName(after)),
});

function weightFigures({ placement, requests }: Step, { expectedCv }: StudyPoint): Partial<StudyPoint> {
  const weights = weightsOf(placement.members);
  if (weights.every((weight) => weight === weights[0])) return { expectedCv };
  return {
    // Closed forms are of equal servers.
    expectedCv: null,
    weights: named(placement.members, Float64Array.from(weights)),
    byWeight: evennessByWeight([...requests], weights),
  };
}

/** The cv that perfect random placement of these keys would still show: that of as many keys as they are worth. */
function chanceCvOf(worth: number, weights: readonly number[]): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return evennessByWeight(
    weights.map((weight) => (worth * weight) / all),
    weights,
  ).noiseFloorCv;
}

/** What sets keys apart from requests, where some keys have more of them than others. */
function keyFigures({ policy }: PolicyVariant, { keys, facts }: RunKeys, step: Step): Partial<StudyPoint> {
  if (!keys.skewed) return {};
  const { members } = step.placement;
  const weights = weightsOf(members);
  const { cv, peakToMean } = evennessByWeight([...step.keys], weights);
  return {
    hotKeys: facts.hotKeys(members.length),
    chanceCv: chanceCvOf(facts.effectiveKeys(), weights),
    ...(placesKeys(policy) ? { byKeys: { counts: named(members, step.keys), cv, peakToMean } } : {}),
    ...(placesKeys(policy) && step.moved ? { movedRequests: step.moved.requests } : {}),
  };
}
