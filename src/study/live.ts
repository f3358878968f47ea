import { applySpec } from "../fleet/client.ts";
import { type FleetSpec, resized } from "../fleet/spec.ts";
import type { FleetFolder } from "../fleet/state.ts";
import { formatPolicy } from "../placement/index.ts";
import type { StudyPoint } from "../report/run.ts";
import { observedBurst } from "./observed-burst.ts";
import { studyPoint, type Way } from "./point.ts";

export interface LiveStudy {
  readonly folder: FleetFolder;
  /** The fleet to begin from; it is left as the last step has it. */
  readonly spec: FleetSpec;
  readonly servers: readonly number[];
  readonly ways: readonly Way[];
  /** Requests a step and way. */
  readonly count: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** The key of request `index`: the same in every step, so that moves can be seen. */
  readonly keyOf: (index: number) => string;
  readonly onProgress: (text: string, share: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Scales the running fleet through `servers`, switches it to each way in place, and sends the same keys each time.
 * What moved is seen in the answers, request by request. When aborted it returns the steps that were finished.
 */
export async function liveStudy(study: LiveStudy): Promise<StudyPoint[]> {
  const { servers, ways, signal } = study;
  const owners = new Map<Way, Owners>();
  const points: StudyPoint[] = [];
  const total = servers.length * ways.length;
  for (const n of servers) {
    for (const way of ways) {
      const spec = waySpec(resized(study.spec, n), way);
      const label = `${n} servers · ${spec.policy}${way.hash ? ` · ${way.hash}` : ""}`;
      const share = points.length / total;
      study.onProgress(label, share);
      const before = owners.get(way) ?? null;
      const after = await interruptible(signal, async () => {
        await applySpec(study.folder, spec, (text) => study.onProgress(`${label}: ${text}`, share), signal);
        return await oneStep(study, spec, way, before);
      });
      if (!after) return points;
      owners.set(way, after.owners);
      points.push(after.point);
    }
  }
  return points;
}

/** The server that answered each request, by its number; undefined where none did. */
interface Owners {
  readonly servers: number;
  readonly names: (string | undefined)[];
}

const waySpec = (spec: FleetSpec, { policy, hash }: Way): FleetSpec => ({
  ...spec,
  policy: formatPolicy(policy),
  hash: hash ?? spec.hash,
});

async function oneStep(study: LiveStudy, spec: FleetSpec, way: Way, before: Owners | null) {
  const names = new Array<string | undefined>(study.count);
  const seen = await observedBurst({
    folder: study.folder,
    spec,
    count: study.count,
    concurrency: study.concurrency,
    timeoutMs: study.timeoutMs,
    keyOf: study.keyOf,
    signal: study.signal,
    onHit: (hit) => {
      names[hit.index] = hit.error === null ? (hit.server ?? undefined) : undefined;
    },
  });
  study.signal.throwIfAborted();
  const moved = before && { fromServers: before.servers, fraction: movedShare(before.names, names) };
  const point = studyPoint({ way, counts: seen.tally.servers, moved });
  const agreement = seen.tally.agreement;
  return { owners: { servers: spec.servers.length, names }, point: { ...point, latencyMs: seen.latencyMs, agreement } };
}

/** The share of the requests answered both times whose server is another. */
function movedShare(before: readonly (string | undefined)[], after: readonly (string | undefined)[]): number {
  const both = before
    .map((name, i) => [name, after[i]] as const)
    .filter(([a, b]) => a !== undefined && b !== undefined);
  return both.length === 0 ? 0 : both.filter(([a, b]) => a !== b).length / both.length;
}

/** Undefined when the work ended because of an abort; any other failure is thrown. */
async function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
