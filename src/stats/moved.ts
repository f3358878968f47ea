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

/** The figures of one step, from `fromServers` to `toServers`, in which `fraction` of the keys moved. */
export function movedFigures(fromServers: number, toServers: number, fraction: number): Moved {
  const ideal = leastMoved(fromServers, toServers);
  return { fromServers, fraction, ideal, excess: fraction - ideal };
}
