import { count, listed, percent, percentFigure, plural, probability } from "../../format.ts";
import {
  chanceOf,
  cvOf,
  distanceFromLeast,
  type Group,
  groupsOf,
  meanOf,
  movedOf,
  NEAR_CHANCE,
  peakOf,
} from "../../results/groups.ts";
import type { AnalyzeResult, StudyPoint, Workload } from "../../results/run.ts";
import { chiSquareSurvival } from "../../stats/distribution.ts";
import { agreementSentence } from "./send-table.ts";
import { type Column, type Look, notes, table } from "./table.ts";

/** Requests of one client go together, so a test that takes each for itself has nothing to say. */
const repeats = ({ keys, count, chanceCv }: StudyPoint): boolean =>
  chanceCv !== undefined || (keys !== undefined && keys < count);

interface Figure extends Column {
  readonly of: (point: StudyPoint) => string;
}

const FIGURES: readonly Figure[] = [
  { head: "N", align: "right", of: (point) => count(point.servers) },
  { head: "mean ± sd", align: "right", of: (point) => `${count(point.mean)} ± ${count(point.stdDev)}` },
  {
    head: "cv\n%",
    align: "right",
    of: (point) => withSd(percentFigure(cvOf(point)), point.runs?.cv.sd, percentFigure),
  },
  { head: "chance\ncv %", align: "right", of: (point) => percentFigure(chanceOf(point)) },
];

const PEAK: Figure = {
  head: "peak ÷\nmean",
  align: "right",
  of: (point) => withSd(ratio(peakOf(point)), point.runs?.peakToMean.sd, ratio),
};

const hasTheory = (point: StudyPoint): boolean => point.expectedCv !== null && point.chanceCv === undefined;

const THEORY: Figure = {
  head: "theory\ncv %",
  align: "right",
  of: (point) => (hasTheory(point) ? percentFigure(point.expectedCv ?? 0) : "–"),
};

const BY_KEYS: Figure = {
  head: "peak\nby keys",
  align: "right",
  of: ({ byKeys }) => (byKeys === undefined ? "–" : ratio(byKeys.peakToMean)),
};

const P_VALUE: Figure = {
  head: "χ²\np-value",
  align: "right",
  of: (point) => (repeats(point) || point.runs ? "–" : probability(point.byWeight?.pValue ?? point.pValue)),
};

const MOVED: Figure = { head: "moved %\n(least)", align: "right", of: movedCell };

const P99: Figure = {
  head: "p99\nlatency",
  align: "right",
  of: ({ latencyMs }) => (latencyMs === undefined ? "–" : `${latencyMs.p99.toFixed(1)} ms`),
};

const ratio = (value: number): string => value.toFixed(2);

const withSd = (value: string, sd: number | undefined, format: (value: number) => string): string =>
  sd === undefined ? value : `${value} ± ${format(sd)}`;

/** The columns that these points have something to say in. */
function figuresOf(points: readonly StudyPoint[]): readonly Figure[] {
  return [
    ...FIGURES,
    ...(points.some(hasTheory) ? [THEORY] : []),
    PEAK,
    ...(points.some((point) => point.byKeys) ? [BY_KEYS] : []),
    ...(points.some((point) => !repeats(point) && !point.runs) ? [P_VALUE] : []),
    ...(points.some((point) => point.moved) ? [MOVED] : []),
    ...(points.some((point) => point.latencyMs) ? [P99] : []),
  ];
}

/** The result of `lbctl analyze` for a terminal: a block for each policy and hash, a row for each number of servers. */
export function analyzeTable(result: AnalyzeResult, look: Look): string {
  const groups = groupsOf(result.results);
  if (groups.length === 0) return "Nothing was measured.";
  const figures = figuresOf(result.results);
  const rows = groups.flatMap((group) => [
    { heading: group.name },
    ...group.points.map((point) => figures.map((figure) => figure.of(point))),
  ]);
  return `${table(figures, rows, look)}\n\n${notes(conclusions(groups, result), look)}`;
}

function movedCell(point: StudyPoint): string {
  const { moved, runs } = point;
  if (moved === null) return "–";
  const share = withSd(percentFigure(movedOf(point) ?? 0), runs?.moved?.sd, percentFigure);
  return `${share} (${percentFigure(moved.ideal)})`;
}

function conclusions(groups: readonly Group[], result: AnalyzeResult): [string, string][] {
  const lines: [string, string][] = [...premises(result), ["Evenness", evenness(groups)]];
  const moves = movement(groups);
  if (moves !== null) lines.push(["Movement", moves]);
  const failed = result.results.reduce((total, point) => total + (point.failed ?? 0), 0);
  if (failed > 0)
    lines.push(["Failed", `${plural(failed, "request")} got no good response; they are in no figure above.`]);
  const hot = hottest(result.results);
  if (hot !== null) lines.push(["Hot keys", hot]);
  const agreement = totalAgreement(result.results);
  if (agreement.checked > 0) lines.push(["Agreement", agreementSentence(agreement)]);
  return lines;
}

/** What has to be known of the keys, the servers and the runs to read the figures. */
function premises({ workload, results, leftOut }: AnalyzeResult): [string, string][] {
  const lines: [string, string][] = [];
  if (workload !== undefined && (workload.kind !== "uniform" || workload.keys !== workload.requests))
    lines.push(["Keys", workloadSentence(workload)]);
  if (results.some((point) => point.weights))
    lines.push(["Weights", "cv, peak and p-value are against each server's share by weight."]);
  const runs = results.find((point) => point.runs)?.runs?.count;
  if (runs !== undefined)
    lines.push([
      "Runs",
      `mean ± standard deviation of ${count(runs)}, each with its own luck; counts are the first one's.`,
    ]);
  for (const { policy, servers, reason } of leftOut ?? [])
    lines.push(["Left out", `${policy} on ${listed(servers.map(count))} servers: ${reason}`]);
  return lines;
}

/** What keys a study had. */
export function workloadSentence(workload: Workload): string {
  const keys = `${count(workload.keys)} keys with ${count(workload.requests)} requests`;
  if (workload.kind === "zipf") return `${keys}, by Zipf's law with the exponent ${workload.exponent}.`;
  if (workload.kind === "uniform") return `${keys}.`;
  const { file, lines, withoutKey } = workload;
  const without = withoutKey === 0 ? "" : ` (lines without a key: ${count(withoutKey)} of ${count(lines)})`;
  return `${keys}, from ${file}${without}.`;
}

/** The hot keys of the step with the most servers: there the most keys are over an even share. */
function hottest(points: readonly StudyPoint[]): string | null {
  const [first, ...rest] = points;
  if (first === undefined) return null;
  const point = rest.reduce((most, each) => (each.servers > most.servers ? each : most), first);
  const [hot, ...others] = point.hotKeys?.keys ?? [];
  if (point.hotKeys === undefined || hot === undefined) return null;
  const named = [hot, ...others].slice(0, 3).map(({ key, requests }) => `${key} (${percent(requests / point.count)})`);
  const all = plural(point.hotKeys.count, "key");
  const have = point.hotKeys.count === 1 ? "alone has" : "each alone have";
  return `on ${plural(point.servers, "server")}, ${all} ${have} more than an even share, which no hashing can split: ${named.join(", ")}${point.hotKeys.count > 3 ? ", …" : ""}`;
}

function evenness(groups: readonly Group[]): string {
  const meanCv = (group: Group) => meanOf(group.points, cvOf);
  const [best, worst] = extremes(groups, meanCv);
  const floor = percent(meanOf(best.points, chanceOf));
  const figures = `with a cv of ${percent(meanCv(best))} on average, where perfect random placement would show ${floor}`;
  if (groups.length === 1) return `${best.name} spreads the load ${figures}.`;
  const asGood = groups.filter((group) => group !== best && isNoMoreThanChance(group)).map((group) => group.name);
  const others = asGood.length === 0 ? "" : `; no more uneven than chance: ${listed(asGood)}`;
  return `${best.name} is the most even, ${figures}${others}; ${worst.name} is the least, with ${percent(meanCv(worst))}.`;
}

/** The chi-squares of a group's points taken together, at the 1 % level. */
function isNoMoreThanChance({ points }: Group): boolean {
  if (points.some((point) => repeats(point) || point.runs || point.byWeight))
    return meanOf(points, cvOf) <= NEAR_CHANCE * meanOf(points, chanceOf);
  const chiSquare = points.reduce((total, point) => total + point.chiSquare, 0);
  const degrees = points.reduce((total, point) => total + point.servers - 1, 0);
  return chiSquareSurvival(chiSquare, degrees) > 0.01;
}

/** Names the groups nearest to and farthest from what must move: to move less is no virtue, it starves the new server. */
function movement(groups: readonly Group[]): string | null {
  const stepping = groups.filter((group) => distanceFromLeast(group) !== null);
  if (stepping.length === 0) return null;
  const [best, worst] = extremes(stepping, (group) => distanceFromLeast(group) ?? 0);
  const must = `an even placement must move ${percent(meanOfSteps(best, "ideal"))} of the keys a step`;
  const [least, most] = [best, worst].map((group) => `${group.name} with ${percent(meanOfSteps(group, "fraction"))}`);
  if (stepping.length === 1) return `${must}; this was ${least}.`;
  const isShort = meanOfSteps(worst, "fraction") < 0.9 * meanOfSteps(worst, "ideal");
  const starved = isShort ? ", which leaves its new servers short of work" : "";
  return `${must}; nearest to it is ${least}, farthest is ${most}${starved}.`;
}

function meanOfSteps(group: Group, figure: "fraction" | "ideal"): number {
  const steps = group.points.filter((point) => point.moved !== null);
  const ideal = meanOf(steps, (point) => point.moved?.ideal ?? 0);
  const fraction = meanOf(steps, (point) => movedOf(point) ?? 0);
  return { fraction, ideal }[figure];
}

/** The groups with the lowest and the highest figure; the first of equals. */
function extremes(groups: readonly Group[], figure: (group: Group) => number): [Group, Group] {
  const [first, ...rest] = groups;
  if (first === undefined) throw new Error("extremes of no groups");
  return rest.reduce<[Group, Group]>(
    ([low, high], group) => [figure(group) < figure(low) ? group : low, figure(group) > figure(high) ? group : high],
    [first, first],
  );
}

const totalAgreement = (points: readonly StudyPoint[]): { checked: number; matched: number } => ({
  checked: points.reduce((total, { agreement }) => total + (agreement?.checked ?? 0), 0),
  matched: points.reduce((total, { agreement }) => total + (agreement?.matched ?? 0), 0),
});
