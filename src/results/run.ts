import { arch, cpus, platform, totalmem } from "node:os";
import * as z from "zod";

/**
 * What a run is: the shapes that `--json` prints and `run.json` keeps. They are contracts, because scripts parse
 * them: fields may be added, none renamed. The types come from the schemas, so a loaded run is what the types say.
 */

const fraction = z.number().min(0).max(1);
const tally = z.record(z.string(), z.number());

const distribution = {
  mean: z.number(),
  stdDev: z.number(),
  cv: z.number(),
  peakToMean: z.number(),
  min: z.number(),
  max: z.number(),
  gini: z.number(),
  chiSquare: z.number(),
  pValue: z.number(),
  noiseFloorCv: z.number(),
  /** The policy's closed form of cv where one is known, else null. */
  expectedCv: z.number().nullable(),
};

const latencyMs = z.object({
  min: z.number(),
  mean: z.number(),
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
});

/** Of `checked` requests, `matched` went where the placement code said. */
const agreement = z.object({ checked: z.number(), matched: z.number() });

const sendResult = z.object({
  schemaVersion: z.literal(1),
  run: z.string(),
  policy: z.string().exactOptional(),
  /** Null when the policy uses no hash of the table. */
  hash: z.string().nullable().exactOptional(),
  count: z.number(),
  ok: z.number(),
  failed: z.number(),
  durationMs: z.number(),
  requestsPerSecond: z.number(),
  latencyMs,
  /** Responses of each server, by X-Served-By; idle servers are included as 0. */
  servers: tally,
  /** Requests by HTTP status. */
  statuses: tally,
  /** Failed requests by the kind of failure. */
  errors: tally,
  retried: z.number(),
  /** Distinct keys: clients. */
  keys: z.number().exactOptional(),
  /** What changed in the fleet meanwhile, in words; predictions are of the fleet as it was before. */
  changes: z.array(z.string()).exactOptional(),
  agreement,
  distribution: z.object(distribution),
});

/** Against each server's share by weight, where weights differ. */
const byWeight = z.object({
  cv: z.number(),
  peakToMean: z.number(),
  chiSquare: z.number(),
  pValue: z.number(),
  noiseFloorCv: z.number(),
});

const spread = z.object({ mean: z.number(), sd: z.number() });

const studyPoint = z.object({
  servers: z.number(),
  policy: z.string(),
  /** Null when the policy uses no hash of the table. */
  hash: z.string().nullable(),
  count: z.number(),
  /** Requests of each server, idle servers included as 0. */
  counts: tally,
  /** The servers as `--servers` takes them, in the policy's order, where they are more than names. */
  members: z.array(z.string()).exactOptional(),
  ...distribution,
  /** Against the step before of the same policy and hash; null for the first step. Fractions of all keys. */
  moved: z.object({ fromServers: z.number(), fraction, ideal: fraction, excess: z.number() }).nullable(),
  /** Distinct keys: clients. */
  keys: z.number().exactOptional(),
  /** Each server's weight, where they differ. */
  weights: tally.exactOptional(),
  byWeight: byWeight.exactOptional(),
  /** The evenness of distinct keys (against the shares by weight), where some keys have more requests than others. */
  byKeys: z.object({ counts: tally, cv: z.number(), peakToMean: z.number() }).exactOptional(),
  /** The share of requests whose server is another than in the step before, where it may differ from that of keys. */
  movedRequests: fraction.exactOptional(),
  /** The cv that perfect random placement would still show of keys so uneven, where some have more requests than others. */
  chanceCv: z.number().exactOptional(),
  /** Keys that alone have more than an even share of the requests, which no hashing can split: how many, the hottest ten. */
  hotKeys: z
    .object({ count: z.number(), keys: z.array(z.object({ key: z.string(), requests: z.number() })) })
    .exactOptional(),
  /** The same over several runs, each with other clients and other server names; the figures above are the first one's. */
  runs: z.object({ count: z.number(), cv: spread, peakToMean: spread, moved: spread.nullable() }).exactOptional(),
  latencyMs: latencyMs.exactOptional(),
  /** Requests that got no response below 400; they are not in `counts`. */
  failed: z.number().exactOptional(),
  agreement: agreement.exactOptional(),
});

/** The keys of an offline study: so many distinct ones, with so many requests in all. */
const workload = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("uniform"), keys: z.number(), requests: z.number() }),
  z.object({ kind: z.literal("zipf"), exponent: z.number(), keys: z.number(), requests: z.number() }),
  z.object({
    kind: z.literal("file"),
    file: z.string(),
    keys: z.number(),
    requests: z.number(),
    /** Of `lines`, so many have no key where it was looked for: they are left out. */
    lines: z.number(),
    withoutKey: z.number(),
  }),
]);

const analyzeResult = z.object({
  schemaVersion: z.literal(1),
  run: z.string(),
  mode: z.enum(["live", "simulate"]),
  results: z.array(studyPoint),
  workload: workload.exactOptional(),
  /** Steps that a policy has no room for, and why. */
  leftOut: z.array(z.object({ policy: z.string(), servers: z.array(z.number()), reason: z.string() })).exactOptional(),
  /** Paths of the charts that were drawn. */
  charts: z.array(z.string()),
});

const machine = z.object({
  platform: z.string(),
  arch: z.string(),
  cpus: z.number(),
  cpuModel: z.string(),
  memoryMiB: z.number(),
});

const everyRun = {
  schemaVersion: z.literal(1),
  /** The run's name, which is also its folder's. */
  run: z.string(),
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  versions: z.object({ lbctl: z.string(), node: z.string() }),
  machine,
  /** What was asked for, seeds included: enough to do it again. */
  arguments: z.record(z.string(), z.unknown()),
};

/** Checks that a value read from a file is a run. */
export const runSchema = z.discriminatedUnion("kind", [
  z.object({ ...everyRun, kind: z.literal("send"), result: sendResult }),
  z.object({ ...everyRun, kind: z.literal("analyze"), result: analyzeResult }),
]);

/** A finished `send` or `analyze` with everything that is needed to show it again. */
export type Run = z.infer<typeof runSchema>;
/** What `send --json` prints. */
export type SendResult = z.infer<typeof sendResult>;
/** What `analyze --json` prints. */
export type AnalyzeResult = z.infer<typeof analyzeResult>;
/** One element of an analysis: one policy and hash at one number of servers. */
export type StudyPoint = z.infer<typeof studyPoint>;
/** What keys an offline study used. */
export type Workload = z.infer<typeof workload>;
/** The machine that a run was made on. */
export type Machine = z.infer<typeof machine>;

/** Describes the machine that this process runs on. */
export function thisMachine(): Machine {
  const processors = cpus();
  return {
    platform: platform(),
    arch: arch(),
    cpus: processors.length,
    cpuModel: processors[0]?.model.trim() ?? "unknown",
    memoryMiB: Math.round(totalmem() / 2 ** 20),
  };
}
