import { workloadSentence } from "./analyze-table.ts";
import { count, listed, milliseconds, plural } from "./format.ts";
import type { Workload } from "./run.ts";
import { type Column, type Look, notes, paint, table } from "./table.ts";

/** What a change of servers moved. */
export interface Move {
  /** The share of keys that changed their server. */
  readonly fraction: number;
  /** The least that leaves each server its share. */
  readonly least: number;
  /** fraction / least. */
  readonly ratio: number;
}

/** A policy as measured for these servers and keys, and what is to be said for or against it. */
export interface Candidate {
  readonly policy: string;
  readonly hash: string | null;
  readonly meets: boolean;
  /** The busiest server's requests over its share, over the runs. */
  readonly peak: { readonly mean: number; readonly worst: number };
  /** The same by distinct keys, the worst run's; null where keys are equal or have no server of their own. */
  readonly peakByKeys: number | null;
  /** The share of requests that went to another server than their key's first; 0 where none can. */
  readonly spilled: number;
  /** When one server more joins, and when one from the middle leaves (null where there is only one). */
  readonly add: Move;
  readonly lose: Move | null;
  /** Why no server can leave from the middle; null when one can. */
  readonly cannotLose: string | null;
  readonly cost: { readonly buildMs: number; readonly bytes: number; readonly lookupNs: number };
  readonly reasons: readonly string[];
}

export interface Limits {
  /** The most that the busiest server may have, over its share. */
  readonly peak: number;
  /** The most that a change may move, over the least that it must. */
  readonly moved: number;
}

/** What `recommend --json` prints. */
export interface RecommendResult {
  readonly schemaVersion: 1;
  readonly servers: number;
  readonly runs: number;
  readonly workload: Workload;
  readonly limits: Limits;
  /** The best first; those that meet the limits before the others. */
  readonly candidates: readonly Candidate[];
  /** Policies that have no room for these servers, and why. */
  readonly leftOut: readonly { readonly policy: string; readonly reason: string }[];
  /** The peak that perfect random placement of these keys would come to, about: no hashing can be better on the whole. */
  readonly chancePeak: number;
  /** The hottest key's requests over an even share: above the limit, no policy that keeps a key on one server meets it. */
  readonly hottestKey: { readonly key: string; readonly overShare: number } | null;
}

const columns = (runs: number): Column[] => [
  { head: "" },
  { head: "policy" },
  { head: runs > 1 ? `peak,\nworst of ${runs}` : "peak", align: "right" },
  { head: "add one\n÷ least", align: "right" },
  { head: "lose one\n÷ least", align: "right" },
  { head: "ns a\nlookup", align: "right" },
  { head: "build", align: "right" },
  { head: "memory\nKiB", align: "right" },
];

/** The ranked candidates with what they cost, and below the table why each stands where it stands. */
export function recommendTable(result: RecommendResult, look: Look): string {
  const rows = result.candidates.map((candidate, i) => row(nameOf(candidate, result), candidate, i, look));
  return `${table(columns(result.runs), rows, look)}\n\n${notes(conclusions(result), look)}`;
}

/** The policy, and its hash where several are compared. */
const nameOf = ({ policy, hash }: Candidate, { candidates }: Pick<RecommendResult, "candidates">): string =>
  hash === null || new Set(candidates.map((each) => each.hash ?? hash)).size === 1 ? policy : `${policy} (${hash})`;

function row(name: string, { meets, peak, add, lose, cost }: Candidate, rank: number, look: Look): string[] {
  return [
    meets ? paint(look, "green", `${rank + 1}`) : paint(look, "red", "✘"),
    name,
    peak.worst.toFixed(2),
    add.ratio.toFixed(2),
    lose === null ? "–" : lose.ratio.toFixed(2),
    count(cost.lookupNs),
    milliseconds(cost.buildMs),
    kibibytes(cost.bytes),
  ];
}

/** Less than a kibibyte is not measured well enough to say. */
function kibibytes(bytes: number): string {
  const value = bytes / 1024;
  if (value < 1) return "<1";
  return value >= 9.95 ? count(value) : value.toFixed(1);
}

function conclusions(result: RecommendResult): [string, string][] {
  const { candidates, limits, workload } = result;
  const name = (candidate: Candidate): string => nameOf(candidate, result);
  const hashes = [...new Set(candidates.flatMap(({ hash }) => hash ?? []))];
  const lines: [string, string][] = [
    [
      "Asked",
      `a peak of ${limits.peak} and ${limits.moved} times the least moved, for ${plural(result.servers, "server")} and ${plural(workload.keys, "key")}, hashed by ${listed(hashes)}.`,
    ],
  ];
  if (workload.kind !== "uniform") lines.push(["Keys", workloadSentence(workload)]);
  const [best] = candidates;
  if (best !== undefined && !best.meets)
    lines.push(["None", `meets both; the nearest is ${name(best)}: ${best.reasons.join("; ")}.`]);
  for (const [rank, candidate] of candidates.entries()) {
    const label = candidate.meets ? (rank === 0 ? "Take" : "Or") : "Not";
    lines.push([label, `${name(candidate)}: ${candidate.reasons.join(candidate.meets ? ", " : "; ")}.`]);
  }
  for (const { policy, reason } of result.leftOut) lines.push(["Left out", `${policy}: ${reason}`]);
  return [...lines, ...cautions(result)];
}

/** What in the keys themselves stands in the way. */
function cautions({ limits, chancePeak, hottestKey, workload }: RecommendResult): [string, string][] {
  const lines: [string, string][] = [];
  if (hottestKey !== null && hottestKey.overShare > limits.peak)
    lines.push([
      "Hot key",
      `${hottestKey.key} alone has ${hottestKey.overShare.toFixed(2)} times an even share: only a policy that gives a key's requests to several servers can meet the peak.`,
    ]);
  else if (chancePeak > limits.peak)
    lines.push([
      "Chance",
      `${plural(workload.keys, "key")} on so many servers come to a peak of about ${chancePeak.toFixed(2)} by chance alone, which is over ${limits.peak}: with more keys it would be less.`,
    ]);
  return lines;
}
