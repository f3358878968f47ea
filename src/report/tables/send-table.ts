import {
  chanceCv,
  count,
  inNaturalOrder,
  listed,
  milliseconds,
  percent,
  plural,
  probability,
  shortNames,
  signedPercent,
} from "../../format.ts";
import type { SendResult } from "../../results/run.ts";
import { bar, type Column, type Look, notes, paint, type Row, table } from "./table.ts";

/** With more servers than this, only the busiest and the idlest are listed. */
const MAX_SERVERS = 40;
const ENDS = 10;
const WIDEST_BAR = 40;

/** The result of `lbctl send` for a terminal: each server's load, how even it is, latency, errors, agreement. */
export function sendTable(result: SendResult, look: Look): string {
  const parts = [headline(result), serverTable(result, look), notes(sentences(result), look)];
  return parts.filter((part) => part !== "").join("\n\n");
}

function headline(result: SendResult): string {
  const { count: sent, failed, durationMs, requestsPerSecond } = result;
  const ending = failed > 0 ? `, ${count(failed)} of them failed` : "";
  return `${plural(sent, "request")} in ${duration(durationMs)} (${count(requestsPerSecond)} a second)${ending}`;
}

function serverTable(result: SendResult, look: Look): string {
  const loads = loadsOf(result.servers, look);
  if (loads.length === 0) return "";
  const { mean, max } = result.distribution;
  const width = barWidth(loads, look);
  const toRow = ({ name, requests }: Load): Row => [
    name,
    count(requests),
    percent(mean === 0 ? 0 : requests / (mean * loads.length)),
    paint(look, "cyan", bar(max === 0 ? 0 : requests / max, width)),
    mean === 0 ? "–" : signedPercent(requests / mean - 1),
  ];
  return table(COLUMNS, loads.length > MAX_SERVERS ? folded(loads, toRow) : loads.map(toRow), look);
}

const COLUMNS: readonly Column[] = [
  { head: "Server" },
  { head: "Requests", align: "right" },
  { head: "Share", align: "right" },
  { head: "" },
  { head: "Against the mean", align: "right" },
];
const NARROWEST_BAR = 8;

function loadsOf(servers: SendResult["servers"], look: Look): Load[] {
  const names = inNaturalOrder(Object.keys(servers));
  const shown = shortNames(names, look.width - besidesName(Object.values(servers)) - NARROWEST_BAR);
  return names.map((name, i) => ({ name: shown[i] ?? name, requests: servers[name] ?? 0 }));
}

/** The width of the columns that are neither the name nor the bar, and of the gaps between all. */
const besidesName = (requests: readonly number[]): number =>
  Math.max("Requests".length, count(Math.max(...requests)).length) +
  "100.0 %".length +
  "Against the mean".length +
  4 * 2;

function barWidth(loads: readonly Load[], look: Look): number {
  const longestName = Math.max("Server".length, ...loads.map((load) => load.name.length));
  const left = look.width - longestName - besidesName(loads.map((load) => load.requests));
  return Math.max(NARROWEST_BAR, Math.min(WIDEST_BAR, left));
}

interface Load {
  readonly name: string;
  readonly requests: number;
}

function folded(loads: readonly Load[], toRow: (load: Load) => Row): Row[] {
  const busiestFirst = loads.toSorted((a, b) => b.requests - a.requests);
  const between = busiestFirst.slice(ENDS, -ENDS);
  const range = `${count(between.at(-1)?.requests ?? 0)} to ${count(between[0]?.requests ?? 0)} requests each`;
  return [
    { heading: `The ${ENDS} busiest` },
    ...busiestFirst.slice(0, ENDS).map(toRow),
    { heading: `${plural(between.length, "server")} between them: ${range}` },
    { heading: `The ${ENDS} idlest` },
    ...busiestFirst.slice(-ENDS).map(toRow),
  ];
}

function sentences(result: SendResult): [string, string][] {
  const { failed, retried, errors, agreement } = result;
  const lines: [string, string][] = result.ok > 0 ? [...evenness(result), ["Latency", latencyOf(result)]] : [];
  if (failed > 0) lines.push(["Errors", listed(tallied(errors))]);
  if (retried > 0) lines.push(["Retries", `${plural(retried, "request")} went on to another server after a failure`]);
  if (agreement.checked > 0) lines.push(["Agreement", agreementSentence(agreement) + why(result)]);
  return lines;
}

/** Predictions are of the fleet as it was when the burst began. */
function why({ agreement, changes = [] }: SendResult): string {
  if (agreement.matched === agreement.checked || changes.length === 0) return "";
  const shown = changes.length > 4 ? [...changes.slice(0, 4), `${changes.length - 4} more`] : changes;
  return `. The fleet changed meanwhile: ${shown.join(", ")}`;
}

/** Of a single server there is nothing to say. */
function evenness(result: SendResult): [string, string][] {
  const { servers, policy, distribution: figures } = result;
  if (Object.keys(servers).length < 2) return [];
  const spread = `${percent(figures.cv)} of the mean (cv): ${count(figures.mean)} ± ${count(figures.stdDev)} requests a server`;
  const peak = `the busiest has ${figures.peakToMean.toFixed(2)} times the mean; Gini ${figures.gini.toFixed(2)}`;
  const lines: [string, string][] = [
    ["Spread", `${spread}; ${peak}`],
    ["Chance", chance(result)],
  ];
  if (figures.expectedCv !== null)
    lines.push([
      "Theory",
      `the closed form of ${policy ?? "the policy"} expects a cv of ${percent(figures.expectedCv)}`,
    ]);
  return lines;
}

/** What the p-value says, in words. */
function chance({ ok, keys, distribution: { pValue, noiseFloorCv } }: SendResult): string {
  // Requests of one client go together, so a test that takes each for itself has nothing to say.
  if (keys !== undefined && keys < ok)
    return `only ${plural(keys, "client")} sent them: perfect random placement would still show a cv of ${percent(chanceCv(noiseFloorCv, ok, keys))}`;
  const verdict = pValue < 0.05 ? "more than chance" : pValue > 0.95 ? "more even than chance" : "no more than chance";
  const p = pValue < 0.001 ? "p<0.001" : `p=${probability(pValue)}`;
  return `perfect random placement would still show a cv of ${percent(noiseFloorCv)}: this is ${verdict} (χ² test, ${p})`;
}

function latencyOf({ ok, failed, latencyMs }: SendResult): string {
  return failed === 0 ? latency(latencyMs) : `${latency(latencyMs)} (of the ${count(ok)} with a good response)`;
}

function latency({ p50, p90, p99, p999, max }: SendResult["latencyMs"]): string {
  const figures = Object.entries({ p50, p90, p99, "p99.9": p999, max });
  return figures.map(([name, ms]) => `${name} ${milliseconds(ms)}`).join(" · ");
}

/** "10,000 of 10,000 requests went where the placement code said: 100 %". */
export const agreementSentence = ({ checked, matched }: SendResult["agreement"]): string =>
  `${count(matched)} of ${plural(checked, "request")} went where the placement code said: ${floorPercent(matched / checked)}`;

/** Rounded down, so that 100 % means all of them. */
const floorPercent = (fraction: number): string => `${Math.floor(fraction * 1000) / 10} %`;

const tallied = (tally: Readonly<Record<string, number>>): string[] =>
  Object.entries(tally)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, n]) => `${count(n)} × ${kind}`);

const duration = (ms: number): string => (ms < 1000 ? milliseconds(ms) : `${(ms / 1000).toFixed(2)} s`);
