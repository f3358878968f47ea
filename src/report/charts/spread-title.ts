import { listed, roundPercent } from "../../format.ts";
import { chanceOf, cvOf, type Group, meanOf, NEAR_CHANCE } from "../../results/groups.ts";

const MAX_NAMES = 3;

interface Spread {
  readonly label: string;
  /** Means over the group's points: what was seen, and what chance alone leaves. */
  readonly cv: number;
  readonly floor: number;
}

/** What a chart of spreads shows, in a sentence that comes from its figures. */
export function spreadTitle(groups: readonly Group[], labels: readonly string[]): string {
  const spreads = groups.map((group, i) => spreadOf(group, labels[i] ?? group.name)).toSorted((a, b) => b.cv - a.cv);
  const [widest] = spreads;
  if (widest === undefined) return "";
  const even = spreads.filter(({ cv, floor }) => cv <= NEAR_CHANCE * floor);
  if (even.includes(widest)) return evenTitle(spreads);
  const uneven = `${widest.label} spreads its load by ${roundPercent(widest.cv)} on average, where chance alone leaves ${roundPercent(widest.floor)}`;
  if (even.length === 0) return uneven;
  const names = even.length > MAX_NAMES ? `${even.length} others` : listed(even.map(({ label }) => label));
  return `${uneven}; ${names} ${even.length === 1 ? "does" : "do"} no worse than chance`;
}

const evenTitle = ([widest, ...others]: readonly Spread[]): string =>
  others.length === 0
    ? `${widest?.label} is no more uneven than chance alone makes it`
    : "No policy is more uneven than chance alone makes it";

const spreadOf = ({ points }: Group, label: string): Spread => ({
  label,
  cv: meanOf(points, cvOf),
  floor: meanOf(points, chanceOf),
});
