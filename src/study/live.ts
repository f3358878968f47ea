import { UserError } from "../errors.ts";
import { changeFleet } from "../fleet/client.ts";
import { type FleetSpec, resized, withPlacement } from "../fleet/spec.ts";
import type { FleetFolder } from "../fleet/state.ts";
import { plural } from "../format.ts";
import { formatMember, formatPolicy, sourcesOf } from "../placement/index.ts";
import type { Hit } from "../results/hit.ts";
import type { StudyPoint } from "../results/run.ts";
import { leastMoved } from "../stats/moved.ts";
import { observedBurst } from "./observed-burst.ts";
import { type PolicyVariant, studyPoint } from "./point.ts";

export interface LiveStudy {
  readonly folder: FleetFolder;
  /** The fleet to begin from; it is left as the last step has it. */
  readonly spec: FleetSpec;
  readonly servers: readonly number[];
  readonly variants: readonly PolicyVariant[];
  /** Requests a step and variant. */
  readonly count: number;
  readonly clients: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** The key of request `index`: the same in every step, so that moves can be seen. */
  readonly keyOf: (index: number) => string;
  readonly onProgress: (text: string, share: number) => void;
  readonly signal: AbortSignal;
}

/** The steps that were finished, and why there are no more; null when all were. */
export interface LiveStudyResult {
  readonly points: StudyPoint[];
  readonly failure: unknown;
}

/**
 * Scales the running fleet through `servers`, switches it to each variant in place, and sends the same keys each time.
 * What moved is seen in the responses, request by request. It never rejects: what was measured is kept.
 */
export async function liveStudy(study: LiveStudy): Promise<LiveStudyResult> {
  const points: StudyPoint[] = [];
  try {
    for await (const point of steps(study)) points.push(point);
    return { points, failure: null };
  } catch (failure) {
    return { points, failure };
  }
}

async function* steps(study: LiveStudy): AsyncGenerator<StudyPoint> {
  const { folder, servers, variants, signal } = study;
  const before = new Map<PolicyVariant, Owners>();
  const total = servers.length * variants.length;
  let done = 0;
  for (const n of servers) {
    for (const variant of variants) {
      const spec = resized(stepSpec(study.spec, variant), n);
      const label = `${plural(n, "server")} · ${spec.policy}${variant.hash ? ` · ${variant.hash.name}` : ""}`;
      const say = (text: string) => study.onProgress(text === "" ? label : `${label}: ${text}`, done / total);
      await changeFleet(folder, (now) => (now === null && done > 0 ? takenDown() : spec), say, signal);
      say("");
      const { point, owners } = await oneStep(study, spec, variant, before.get(variant) ?? null);
      before.set(variant, owners);
      done++;
      yield point;
    }
  }
}

/** Somebody ended the fleet meanwhile: it is not for a study to bring it up again. */
function takenDown(): never {
  throw new UserError("The fleet stopped responding in the middle of the study: see `lbctl status`, and run it again.");
}

/** The fleet for one step: nothing drained, so that every server takes part. */
const stepSpec = (spec: FleetSpec, { policy, hash }: PolicyVariant): FleetSpec =>
  withPlacement(
    { ...spec, servers: spec.servers.map((server) => ({ ...server, drained: false })) },
    { policy: formatPolicy(policy), hash: hash?.name, modules: sourcesOf(policy, hash) },
  );

/** The server that responded to each request: indices into `names` from 1; 0 where none did. Two bytes a request. */
interface Owners {
  readonly names: readonly string[];
  readonly indices: Uint16Array;
}

async function oneStep(study: LiveStudy, spec: FleetSpec, variant: PolicyVariant, before: Owners | null) {
  const { folder, count, concurrency, timeoutMs, keyOf, signal } = study;
  const names = spec.servers.map((server) => server.name);
  const indexOf = new Map(names.map((name, i) => [name, i + 1]));
  const indices = new Uint16Array(count);
  const onHit = (hit: Hit) => {
    if (hit.error === null) indices[hit.index] = indexOf.get(hit.server ?? "") ?? 0;
  };
  const seen = await observedBurst({ folder, spec, count, concurrency, timeoutMs, keyOf, onHit, signal });
  signal.throwIfAborted();
  if (seen.gaveUp) takenDown();
  const owners: Owners = { names, indices };
  const fromServers = before?.names.length ?? 0;
  const ideal = leastMoved(fromServers, names.length);
  const moved = before && { fromServers, ideal, fraction: movedShare(before, owners) };
  const { servers, failed, agreement } = seen.tally;
  const counts = Object.fromEntries(names.map((name) => [name, servers[name] ?? 0]));
  const point = {
    ...studyPoint({ variant, counts, keys: Math.min(study.clients, count), moved }),
    members: seen.view.servers.map(formatMember),
    failed,
    latencyMs: seen.latencyMs,
    agreement,
  };
  return { owners, point };
}

/** The share of the requests with a response both times whose server is another. */
function movedShare(before: Owners, after: Owners): number {
  const same = [0, ...before.names.map((name) => after.names.indexOf(name) + 1)];
  let both = 0;
  let moved = 0;
  before.indices.forEach((owner, i) => {
    const now = after.indices[i];
    if (owner === 0 || now === 0) return;
    both++;
    if (same[owner] !== now) moved++;
  });
  return both === 0 ? 0 : moved / both;
}
