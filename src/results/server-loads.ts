import type { StudyPoint } from "./run.ts";

/** The load of each server under one policy. */
export interface Load {
  /** The policy, as the legend says it. */
  readonly label: string;
  readonly counts: Record<string, number>;
  /** Each server's weight, where they differ. */
  readonly weights?: Record<string, number>;
}

/** What one server had of all requests. Shares are fractions of the whole. */
export interface ServerLoad {
  readonly name: string;
  readonly share: number;
  /** What it should have had, by its weight. */
  readonly fair: number;
  /** `share` over `fair`: 1 is even; 0 without any requests. */
  readonly ratio: number;
}

/** The load of each server, in the order of `counts`; without `weights`, all have the same share. */
export function serverLoads({ counts, weights = {} }: Pick<StudyPoint, "counts" | "weights">): ServerLoad[] {
  const entries = Object.entries(counts);
  const count = entries.reduce((sum, [, own]) => sum + own, 0);
  const weightOf = (name: string) => weights[name] ?? 1;
  const all = entries.reduce((sum, [name]) => sum + weightOf(name), 0);
  return entries.map(([name, own]) => {
    const [share, fair] = [own / Math.max(1, count), weightOf(name) / all];
    return { name, share, fair, ratio: share / fair };
  });
}

/** The load that is most over its fair share; null of no servers. */
export const busiestOf = (loads: readonly ServerLoad[]): ServerLoad | null =>
  loads.reduce<ServerLoad | null>((most, load) => (most === null || load.ratio > most.ratio ? load : most), null);
