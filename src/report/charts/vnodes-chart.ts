import { count, plural, roundPercent, shortNames } from "../../format.ts";
import type { VnodeSweep } from "../../results/placement-figures.ts";
import { whiskers } from "./chart-marks.ts";
import { chartOptions, colour, lineStyle, logAxis, type Scales } from "./chart-theme.ts";
import type { ChartConfiguration } from "./renderer.ts";

type Dataset = ChartConfiguration["data"]["datasets"][number];

const LONGEST_LABEL = 34;
/** Series stand this much beside one another, as a factor on the logarithmic axis, so that all whiskers are seen. */
const APART = 1.06;
/** The whiskers of more series than this would hide one another. */
const MAX_WITH_WHISKERS = 4;
/** Farther than this factor from its closed form, a series is joined by a line to be followed. */
const OFF_FORM = 1.5;
/** Spreads that differ by less than this factor are called the same. */
const ALIKE = 1.3;

/** Spread against vnodes, measured beside the closed form, both axes logarithmic. A sentence where nothing was swept. */
export function vnodesChart(sweeps: readonly VnodeSweep[]): ChartConfiguration | string {
  const [first, ...others] = sweeps.map((sweep, i): Series => {
    const beside = APART ** (i - (sweeps.length - 1) / 2);
    return { ...sweep, label: labelsOf(sweeps)[i] ?? sweep.policy, colour: colour(i), beside };
  });
  if (first === undefined)
    return "There is no spread against vnodes to draw: study ring or classroom, without a bound, on two servers or more.";
  const all = [first, ...others];
  const hasWhiskers = all.length <= MAX_WITH_WHISKERS;
  const cvs = all.flatMap(({ spreads }) => spreads.map(({ cv }) => cv));
  const highs = all.flatMap(({ spreads }) => spreads.map(({ usual }) => usual?.high ?? 0));
  const vnodes = [...new Set(all.flatMap(({ spreads }) => spreads.map((spread) => spread.vnodes)))];
  const headings = {
    title: titleOf(all),
    subtitle: subtitleOf(all),
    x: "vnodes a server (log scale)",
    y: "standard deviation ÷ mean of shares (log scale)",
  };
  return {
    type: "line",
    data: { datasets: [...all.map(measured), ...all.flatMap(closedForm)] },
    options: chartOptions("line", headings, {
      x: vnodesAxis(vnodes),
      y: { ...logAxis(Math.min(...cvs) / 2, roundPercent), max: Math.max(...cvs, ...highs) * 1.2 },
    }),
    plugins: hasWhiskers ? [whiskers(all.map(({ spreads }) => spreads.map(({ usual }) => usual ?? undefined)))] : [],
  };
}

interface Series extends VnodeSweep {
  readonly label: string;
  readonly colour: string;
  /** How far it stands beside its place on the axis, as a factor. */
  readonly beside: number;
}

const vnodesAxis = (vnodes: readonly number[]): NonNullable<Scales["x"]> => ({
  type: "logarithmic",
  min: Math.min(...vnodes) / 1.3,
  max: Math.max(...vnodes) * 1.3,
  ticks: { callback: (value) => count(Number(value)) },
  afterBuildTicks: (scale) => {
    scale.ticks = vnodes.map((value) => ({ value }));
  },
});

/** Markers alone where a closed form runs through them, joined where none does. */
const measured = ({ label, colour, beside, spreads }: Series, i: number): Dataset => ({
  ...lineStyle(i),
  label,
  data: spreads.map(({ vnodes, cv }) => ({ x: vnodes * beside, y: cv })),
  borderColor: colour,
  showLine: spreads.some(({ cv, expectedCv }) => expectedCv === null || cv > OFF_FORM * expectedCv),
  borderWidth: 1.5,
  pointRadius: 7,
});

/** Without a label it stays out of the legend: the subtitle explains it. */
function closedForm({ colour, spreads }: Series): Dataset[] {
  const data = spreads.flatMap(({ vnodes, expectedCv }) => (expectedCv === null ? [] : [{ x: vnodes, y: expectedCv }]));
  return data.length === 0 ? [] : [{ data, borderColor: colour, borderDash: [2, 5], borderWidth: 2.5, pointRadius: 0 }];
}

/** What tells the series apart: the number of servers, or else the policy, with its hash where that is needed. */
function labelsOf(sweeps: readonly VnodeSweep[]): string[] {
  const sizes = new Set(sweeps.map(({ servers }) => servers));
  if (sizes.size > 1) return sweeps.map(({ servers }) => plural(servers, "server"));
  const isAlone = (policy: string) => sweeps.filter((sweep) => sweep.policy === policy).length === 1;
  const names = sweeps.map(({ policy, hash }) => (hash === null || isAlone(policy) ? policy : `${policy} (${hash})`));
  return shortNames(names, LONGEST_LABEL);
}

function titleOf(all: readonly Series[]): string {
  const [worst, ...others] = all.toSorted((a, b) => (b.spreads.at(-1)?.cv ?? 0) - (a.spreads.at(-1)?.cv ?? 0));
  const best = others.at(-1);
  if (worst === undefined) return "";
  if (best === undefined || best.servers !== worst.servers) return fromTo(best ?? worst, (best ?? worst).policy);
  if ((worst.spreads.at(-1)?.cv ?? 0) < ALIKE * (best.spreads.at(-1)?.cv ?? 0))
    return fromTo(best, all.length === 2 ? "Both rings" : `All ${all.length} rings`);
  const left = ({ label, spreads }: Series) =>
    `${label} with ${plural(spreads.at(-1)?.vnodes ?? 0, "vnode")} a server still spreads by ${roundPercent(spreads.at(-1)?.cv ?? 0)}`;
  return `${left(worst)}, ${left(best).replace(" still spreads", "")}`;
}

function fromTo({ servers, spreads }: Series, who: string): string {
  const said = spreads.filter((_, i) => i === 0 || i === spreads.length - 1);
  const [few, many] = said.map(({ vnodes, cv }) => ({ vnodes: count(vnodes), cv: roundPercent(cv) }));
  return `${who}, ${plural(servers, "server")}: ${few?.vnodes} vnode a server leaves a spread of ${few?.cv}, ${many?.vnodes} leave ${many?.cv}`;
}

const subtitleOf = (all: readonly Series[]): string => {
  const spreads = all.flatMap((series) => series.spreads);
  const [servers = 0, ...more] = new Set(all.map((series) => series.servers));
  return [
    `${more.length === 0 ? plural(servers, "equal server") : "Equal servers"}, their exact shares of the key space (no keys sent), over ${ringsOf(spreads)} of other server names`,
    "Marker: root mean square",
    ...(all.length <= MAX_WITH_WHISKERS && spreads.some(({ usual }) => usual) ? ["Thin line: eight rings of ten"] : []),
    ...(spreads.some(({ expectedCv }) => expectedCv !== null) ? ["Dotted: the closed form √((N−1)/(N·vnodes+1))"] : []),
  ].join(". ");
};

const ringsOf = (spreads: VnodeSweep["spreads"]): string => {
  const [fewest, most] = [Math.min, Math.max].map((end) => end(...spreads.map(({ rings }) => rings)));
  return fewest === most ? plural(most ?? 1, "ring") : `${fewest} to ${plural(most ?? 1, "ring")}`;
};
