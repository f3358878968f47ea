import { type ClusterStatus, type Control, connectControl } from "../fleet/control.ts";
import { type FleetSpec, reachable } from "../fleet/spec.ts";
import { type FleetFolder, readToken } from "../fleet/state.ts";
import { burst } from "../load/burst.ts";
import { keyedRequests } from "../load/requests.ts";
import { count, type Expected, emptyTally, prediction, type Tally } from "../load/tally.ts";
import { loadPlacement } from "../modules/load.ts";
import type { Member } from "../placement/index.ts";
import type { Hit } from "../results/hit.ts";
import { type LatencySummary, latencyRecorder } from "../stats/latency.ts";
import { fleetChanges } from "./fleet-changes.ts";
import { type PolicyVariant, place, placesKeys } from "./point.ts";

const HITS_PER_REPORT = 500;
/** A burst is given up after so many requests in a row, on each connection, that got no response. */
const UNANSWERED_PER_CONNECTION = 50;

export interface ObservedBurst {
  readonly folder: FleetFolder;
  readonly spec: FleetSpec;
  readonly count: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly keyOf: (index: number) => string;
  readonly body?: Buffer | null;
  readonly onHit?: (hit: Hit) => void | Promise<void>;
  /** Hears how many requests are over, now and then. */
  readonly onProgress?: (done: number) => void;
  readonly signal: AbortSignal;
}

/** What was seen of a burst. */
export interface BurstSeen {
  /** The balancer as it was when the burst began. */
  readonly view: ClusterStatus;
  /** How it placed keys. */
  readonly variant: PolicyVariant;
  readonly tally: Tally;
  readonly durationMs: number;
  readonly latencyMs: LatencySummary;
  /** What changed in the fleet while the burst went on, in words: predictions are of the fleet as it was before. */
  readonly changes: readonly string[];
  /** No response came any more, so the rest was not sent. */
  readonly gaveUp: boolean;
}

/** Sends a burst through a fleet's balancer and checks every response against the placement code. */
export async function observedBurst(options: ObservedBurst): Promise<BurstSeen> {
  const { spec, signal } = options;
  await using control: Control = connectControl(spec, await readToken(options.folder));
  const view = await control.status();
  const active = view.servers.filter((server) => server.state !== "draining");
  const tally: Tally = emptyTally(active.map((server) => server.name));
  const latency = latencyRecorder();
  const variant = await loadPlacement({ ...view, modules: await control.modules() });
  const expected = expectedOf(view, variant);
  const gone = new AbortController();
  const enough = UNANSWERED_PER_CONNECTION * options.concurrency;
  let unanswered = 0;
  const durationMs = await burst({
    ...options,
    origin: `http://${reachable(spec.bind)}:${spec.port}`,
    request: keyedRequests(view.key, options.keyOf, options.body ?? null),
    onHit: (hit) => {
      count(tally, hit, expected);
      if (hit.error === null) latency.record(hit.latencyMs);
      unanswered = hit.status === 0 ? unanswered + 1 : 0;
      if (unanswered >= enough) gone.abort();
      const done = tally.ok + tally.failed;
      if (done % HITS_PER_REPORT === 0) options.onProgress?.(done);
      return options.onHit?.(hit);
    },
    signal: AbortSignal.any([signal, gone.signal]),
  });
  const after = await control.status().catch(() => null);
  const changes = after ? fleetChanges(view, after) : ["the balancer no longer responds"];
  return { view, variant, tally, durationMs, latencyMs: latency.summary(), changes, gaveUp: gone.signal.aborted };
}

function expectedOf(view: ClusterStatus, variant: PolicyVariant): Expected | null {
  if (!placesKeys(variant.policy)) return null;
  const members: Member[] = view.servers.map(({ name, weight, address }) => ({ name, weight, address }));
  const up = new Set(view.servers.filter((server) => server.state === "up").map((server) => server.name));
  return prediction(place(variant, members), (name) => up.has(name));
}
