import { createPlacement, defaultHash } from "../placement/index.ts";
import type { StudyPoint } from "../report/run.ts";
import { sweep } from "../simulate/sweep.ts";
import { studyPoint, type Way } from "./point.ts";
import { numbered } from "./scenario.ts";

export interface SimulatedStudy {
  readonly servers: readonly number[];
  readonly ways: readonly Way[];
  /** Keys a step. */
  readonly count: number;
  readonly clients: number;
  /** The key of request `index`, as a live study sends it. */
  readonly keyOf: (index: number) => string;
  /** Hears the share done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/**
 * The study of `analyze`, offline: the same keys, servers and placement code as the live one, and so the same counts.
 * When aborted it returns what is done.
 */
export async function simulatedStudy(study: SimulatedStudy): Promise<StudyPoint[]> {
  const { servers, ways, count } = study;
  const keys = { count, key: study.keyOf };
  const points: StudyPoint[] = [];
  for (const [done, way] of ways.entries()) {
    if (study.signal.aborted) return points;
    const placements = servers.map((n) => createPlacement(way.policy, way.hash ?? defaultHash, numbered(n)));
    const steps = sweep(placements, keys, (keysDone) => study.onProgress((done + keysDone / count) / ways.length));
    for (const [i, step] of steps.entries()) {
      const counts = Object.fromEntries(step.placement.members.map(({ name }, at) => [name, step.counts[at] ?? 0]));
      const fromServers = servers[i - 1];
      const moved = fromServers === undefined || step.moved === null ? null : { fromServers, fraction: step.moved };
      points.push(studyPoint({ way, counts, keys: Math.min(study.clients, count), moved }));
    }
    // Lets Ctrl-C and the progress line in between two ways.
    await new Promise(setImmediate);
  }
  return points;
}
