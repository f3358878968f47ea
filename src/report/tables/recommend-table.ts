import { count, listed, milliseconds, plural } from "../../format.ts";
import type { Candidate, RecommendResult } from "../../results/recommend.ts";
import { workloadSentence } from "./analyze-table.ts";
import { type Column, type Look, notes, paint, table } from "./table.ts";

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
