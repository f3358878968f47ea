import type { Context, Flags } from "../context.ts";
import { type ExitCode as Code, ExitCode, usageError } from "../errors.ts";
import { defaultHash, formatPolicy, type Member, PlacementError, policies } from "../placement/index.ts";
import { recommendTable } from "../report/tables/recommend-table.ts";
import type { Limits, RecommendResult } from "../results/recommend.ts";
import { changesOf, measure, type Trial } from "../study/candidate.ts";
import { type PolicyVariant, variantsOf } from "../study/point.ts";
import { type Measured, recommendation } from "../study/recommendation.ts";
import { type StudiedServers, studiedServers } from "../study/scenario.ts";
import type { Progress } from "../terminal.ts";
import { effectiveKeys, hotKeys } from "../workload/hot-keys.ts";
import { type AskedKeys, askedKeys } from "./key-flags.ts";

/** Enough that chance hides little of what a policy does. */
const KEYS_A_SERVER = 10_000;
const [fewestKeys, mostKeys] = [100_000, 500_000];

/** Measures policies for the servers and keys that are asked for, and ranks those that are good enough. */
export async function run({ flags, terminal, signal }: Context): Promise<Code | undefined> {
  const limits = askedLimits(flags);
  const servers = askedServers(flags);
  const [members = []] = servers.membersOf(0);
  const keys = await askedKeys(flags, Math.min(mostKeys, Math.max(fewestKeys, KEYS_A_SERVER * members.length)));
  const runs = flags.whole("runs", 1, 100) ?? (servers.named && keys.workload.kind === "file" ? 1 : 3);
  const trial = trialOf(servers, keys, runs, signal);
  const progress = await terminal.progress("measuring");
  const { measured, leftOut } = await measureAll(await askedVariants(flags, limits), trial, progress).finally(
    progress.clear,
  );
  const result: RecommendResult = {
    schemaVersion: 1,
    servers: members.length,
    runs,
    workload: keys.workload,
    limits,
    candidates: recommendation(measured, limits),
    leftOut,
    ...bestPossible(keys, members.length),
  };
  terminal.result(result, () => recommendTable(result, terminal));
  return result.candidates.some(({ meets }) => meets) ? undefined : ExitCode.thresholdMissed;
}

function askedLimits(flags: Flags): Limits {
  const limit = (name: string, text: string): number => {
    const value = /^\d+(\.\d+)?x?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
    if (value > 1 && value <= 1_000) return value;
    throw usageError(`--${name} takes a number over 1, such as ${name === "peak" ? "1.1" : "1.2x"}, not "${text}".`);
  };
  return { peak: limit("peak", flags.text("peak") ?? ""), moved: limit("moved", flags.text("moved") ?? "") };
}

function askedServers(flags: Flags): StudiedServers {
  const text = flags.text("servers") ?? "";
  const servers = studiedServers(text, flags.text("weights"));
  if (servers.membersOf(0).length === 1) return servers;
  throw usageError(`--servers takes one number here, or names with weights, not "${text}".`);
}

/** Every policy that places keys, some of them with options that suit the limits; or those that are asked for. */
async function askedVariants(flags: Flags, limits: Limits): Promise<PolicyVariant[]> {
  const hashes = flags.text("hash") ?? defaultHash;
  const asked = flags.text("policy");
  if (asked !== undefined) return await variantsOf(asked, hashes);
  const keyed = Object.entries(policies).flatMap(([name, policy]) => (policy.keyed ? [name] : []));
  const bounded = `ring:bounded=${Math.max(101, Math.floor(100 * limits.peak))}`;
  return await variantsOf([...keyed, "ring:vnodes=1000", "maglev:size=655373", bounded].join(","), hashes);
}

function trialOf(servers: StudiedServers, { keysOf, seed }: AskedKeys, runs: number, signal: AbortSignal): Trial {
  const membersOf = (run: number): readonly Member[] => servers.membersOf(run)[0] ?? [];
  return {
    runs: Array.from({ length: runs }, (_, run) => changesOf(membersOf(run))),
    keysOf: (run) => keysOf((seed + run) % 2 ** 32),
    signal,
  };
}

async function measureAll(variants: readonly PolicyVariant[], trial: Trial, progress: Progress) {
  const measured: Measured[] = [];
  const leftOut: { policy: string; reason: string }[] = [];
  for (const [done, variant] of variants.entries()) {
    const policy = formatPolicy(variant.policy);
    progress.update(`${Math.round((100 * done) / variants.length)} % · ${policy}`);
    try {
      measured.push(await measure(variant, trial));
    } catch (error) {
      if (!(error instanceof PlacementError)) throw error;
      leftOut.push({ policy, reason: error.message });
    }
  }
  const [first] = leftOut;
  if (measured.length === 0 && first !== undefined) throw usageError(first.reason);
  return { measured, leftOut };
}

/** What no placement can better: the peak that chance leaves, and the hottest key. */
function bestPossible(
  { keysOf, seed }: AskedKeys,
  servers: number,
): Pick<RecommendResult, "chancePeak" | "hottestKey"> {
  const keys = keysOf(seed);
  const [hottest] = hotKeys(keys, servers).keys;
  const cv = Math.sqrt((servers - 1) / Math.max(1, effectiveKeys(keys)));
  return {
    // The largest of n normal deviates is about √(2 ln n).
    chancePeak: 1 + cv * Math.sqrt(2 * Math.log(Math.max(servers, 2))),
    hottestKey: hottest ? { key: hottest.key, overShare: (hottest.requests * servers) / keys.requests } : null,
  };
}
