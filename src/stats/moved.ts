/** What a change of the number of servers did to the keys. Fractions of all keys, 0 to 1. */
export interface Moved {
  /** How many servers there were before the step. */
  readonly fromServers: number;
  /** The share of the keys that changed their server. */
  readonly fraction: number;
  /** The least that a placement which stays even has to move. */
  readonly ideal: number;
  /** fraction − ideal. Below 0 when the new server got less than its even share (or by chance, within noise). */
  readonly excess: number;
}

/**
 * The least share of the keys that has to move so that an even placement over `fromServers` equal servers is even
 * over `toServers`: what the servers that came must get, or what those that left had.
 */
export function leastMoved(fromServers: number, toServers: number): number {
  const most = Math.max(fromServers, toServers);
  return most === 0 ? 0 : Math.abs(toServers - fromServers) / most;
}

/** Servers by name, each with its weight. */
export type Weights = ReadonlyMap<string, number>;

/** As `leastMoved`, for servers by name and weight: what those that gain must get, so that each has its share. */
export function leastMovedByWeight(from: Weights, to: Weights): number {
  const [allFrom, allTo] = [total(from), total(to)];
  const gains = [...to].map(([name, weight]) => Math.max(0, weight / allTo - (from.get(name) ?? 0) / allFrom));
  return gains.reduce((sum, gain) => sum + gain, 0);
}

const total = (weights: Weights): number => [...weights.values()].reduce((sum, weight) => sum + weight, 0);

/** The figures of one step from `fromServers`, in which `fraction` of the keys moved and `ideal` had to. */
export function movedFigures(fromServers: number, ideal: number, fraction: number): Moved {
  return { fromServers, fraction, ideal, excess: fraction - ideal };
}
