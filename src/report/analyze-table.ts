import { chiSquareSurvival } from "../stats/distribution.ts";
import { count, listed, percent, percentFigure, plural, probability } from "./format.ts";
import { chanceOf, distanceFromLeast, type Group, groupsOf, meanOf, NEAR_CHANCE } from "./groups.ts";
import type { AnalyzeResult, StudyPoint } from "./run.ts";
import { agreementSentence } from "./send-table.ts";
import { type Column, type Look, notes, table } from "./table.ts";

/** Requests of one client go together, so a test that takes each for itself has nothing to say. */
const repeats = ({ keys, count }: StudyPoint): boolean => keys !== undefined && keys < count;

interface Figure extends Column {
  readonly of: (point: StudyPoint) => string;
}

const FIGURES: readonly Figure[] = [
  { head: "N", align: "right", of: (point) => count(point.servers) },
  { head: "mean ± sd", align: "right", of: (point) => `${count(point.mean)} ± ${count(point.stdDev)}` },
  { head: "cv\n%", align: "right", of: (point) => percentFigure(point.cv) },
  { head: "chance\ncv %", align: "right", of: (point) => percentFigure(chanceOf(point)) },
  {
    head: "theory\ncv %",
    align: "right",
    of: (point) => (point.expectedCv === null ? "–" : percentFigure(point.expectedCv)),
  },
  { head: "peak ÷\nmean", align: "right", of: (point) => point.peakToMean.toFixed(2) },
  { head: "χ²\np-value", align: "right", of: (point) => (repeats(point) ? "–" : probability(point.pValue)) },
  { head: "moved %\n(least)", align: "right", of: ({ moved }) => movedCell(moved) },
];

const P99: Figure = {
  head: "p99\nlatency",
  align: "right",
  of: ({ latencyMs }) => (latencyMs === undefined ? "–" : `${latencyMs.p99.toFixed(1)} ms`),
};

/** The result of `lbctl analyze` for a terminal: a block for each policy and hash, a row for each number of servers. */
export function analyzeTable(result: AnalyzeResult, look: Look): string {
  const groups = groupsOf(result.results);
  if (groups.length === 0) return "Nothing was measured.";
  const figures = result.results.some((point) => point.latencyMs) ? [...FIGURES, P99] : FIGURES;
  const rows = groups.flatMap((group) => [
    { heading: group.name },
    ...group.points.map((point) => figures.map((figure) => figure.of(point))),
  ]);
  return `${table(figures, rows, look)}\n\n${notes(conclusions(groups, result), look)}`;
}

function movedCell(moved: StudyPoint["moved"]): string {
  return moved === null ? "–" : `${percentFigure(moved.fraction)} (${percentFigure(moved.ideal)})`;
}

function conclusions(groups: readonly Group[], result: AnalyzeResult): [string, string][] {
  const lines: [string, string][] = [["Evenness", evenness(groups)]];
  const moves = movement(groups);
  if (moves !== null) lines.push(["Movement", moves]);
  const failed = result.results.reduce((total, point) => total + (point.failed ?? 0), 0);
  if (failed > 0)
    lines.push(["Failed", `${plural(failed, "request")} got no good answer; they are in no figure above.`]);
  const agreement = totalAgreement(result.results);
  if (agreement.checked > 0) lines.push(["Agreement", agreementSentence(agreement)]);
  return lines;
}

function evenness(groups: readonly Group[]): string {
  const meanCv = (group: Group) => meanOf(group.points, (point) => point.cv);
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
  if (points.some(repeats)) return meanOf(points, (point) => point.cv) <= NEAR_CHANCE * meanOf(points, chanceOf);
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
  const starved = meanOfSteps(worst, "excess") < 0 ? ", which leaves its new servers short of work" : "";
  return `${must}; nearest to it is ${least}, farthest is ${most}${starved}.`;
}

function meanOfSteps(group: Group, figure: "fraction" | "ideal" | "excess"): number {
  const steps = group.points.filter((point) => point.moved !== null);
  return meanOf(steps, (point) => point.moved?.[figure] ?? 0);
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
