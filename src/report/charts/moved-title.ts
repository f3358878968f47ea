import { listed, roundPercent } from "../../format.ts";
import type { Step } from "./steps.ts";

const MAX_NAMES = 3;
/** Nearer to the least than this on average, in fractions of all keys, is as good as the least. */
const NEAR = 0.02;

interface Movement {
  readonly label: string;
  /** Means over the steps. */
  readonly fraction: number;
  readonly ideal: number;
  readonly distance: number;
}

/** What a chart of movement shows, in a sentence that comes from its figures. */
export function movedTitle(series: readonly { readonly label: string; readonly steps: readonly Step[] }[]): string {
  const sorted = series.map(movementOf).toSorted((a, b) => a.distance - b.distance);
  const [nearest, farthest] = [sorted[0], sorted.at(-1)];
  if (nearest === undefined || farthest === undefined) return "";
  if (sorted.every(({ fraction }) => fraction === 0)) return "No key changed its server";
  if (sorted.length === 1)
    return `${farthest.label} moves ${roundPercent(farthest.fraction)} of the keys at a step; the least possible is ${roundPercent(farthest.ideal)}`;
  if (farthest.distance <= NEAR)
    return `${sorted.length === 2 ? "Both" : `All ${sorted.length}`} policies move about the least possible: ${roundPercent(nearest.fraction)} of the keys at a step`;
  const near = sorted.filter(
    ({ distance }) => distance <= Math.max(NEAR, 1.5 * nearest.distance) && distance < farthest.distance,
  );
  return near.length === 0 ? said(farthest) : `${said(farthest)}; ${nearTitle(near)}`;
}

/** Moving less than an even placement must is no virtue: a server that came has too little to do. */
const said = ({ label, fraction, ideal }: Movement): string =>
  fraction < ideal
    ? `${label} moves only ${roundPercent(fraction)} of the keys at a step and leaves its new servers short of work`
    : `${label} moves ${roundPercent(fraction)} of the keys at a step, ${(fraction / ideal).toFixed(1)} times the least possible`;

function nearTitle(near: readonly Movement[]): string {
  const names = near.length > MAX_NAMES ? `${near.length} others` : listed(near.map(({ label }) => label));
  const tenthsOfPoints = Math.ceil(Math.max(...near.map(({ distance }) => distance)) * 1000 - 1e-6);
  const points = (Math.max(1, tenthsOfPoints) / 10).toFixed(1);
  return `${names} ${near.length === 1 ? "is" : "are"} within ${points} points of the least on average`;
}

function movementOf({ label, steps }: { readonly label: string; readonly steps: readonly Step[] }): Movement {
  const mean = (figure: (step: Step) => number) =>
    steps.reduce((total, step) => total + figure(step), 0) / steps.length;
  return {
    label,
    fraction: mean((step) => step.fraction),
    ideal: mean((step) => step.ideal),
    distance: mean((step) => Math.abs(step.fraction - step.ideal)),
  };
}
