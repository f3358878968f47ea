import { loadPlacement } from "../../../src/modules/load.ts";
import type { Member } from "../../../src/placement/index.ts";
import {
  type Availability,
  type AvailabilityOptions,
  beginSlowStart,
  isReplaced,
  newAvailability,
} from "../cluster/availability.ts";
import { type Host, isUp, whenIdle } from "../cluster/host.ts";
import { chooseHost, type HostChoice, type HostSelection } from "../cluster/host-selection.ts";
import { PlacementFailures } from "../cluster/placement-failures.ts";
import { buildSnapshot, type Choice, type ClusterSnapshot } from "../cluster/snapshot.ts";
import type { FromWorker, HostState, SerializedSnapshot } from "./messages.ts";

/** A choice with its members, as they were before they were sent. */
export type LoadedSnapshot = Choice & { readonly members: readonly Member[] };

/** Loads what was sent. Rejects with a PlacementError where that can't be: the parent has loadSnapshot the same before. */
export const loadSnapshot = async ({ members, key, ...kept }: SerializedSnapshot): Promise<LoadedSnapshot> => ({
  ...(await loadPlacement(kept)),
  key,
  members,
});

/** What others do about servers. */
export interface WorkerClusterHooks {
  send(message: FromWorker): void;
  onHostRemoved(host: Host): void;
  /** It was taken out, and there is another. */
  onHostDown(host: Host): void;
}

/** The cluster in a worker: it routes by what the primary sends, and reports what it sees. */
export class WorkerCluster implements HostSelection {
  #snapshot: ClusterSnapshot;
  readonly #hooks: WorkerClusterHooks;
  readonly #availability: Availability;
  readonly #placementFailures: PlacementFailures;

  constructor(snapshot: LoadedSnapshot, options: AvailabilityOptions, hooks: WorkerClusterHooks) {
    this.#hooks = hooks;
    this.#placementFailures = new PlacementFailures((event) => hooks.send({ type: "event", event }));
    this.#availability = newAvailability(options);
    this.#snapshot = buildSnapshot(snapshot, snapshot.members, [], this.#availability);
  }

  get snapshot(): ClusterSnapshot {
    return this.#snapshot;
  }

  /** Goes by another snapshot from here on. */
  replaceSnapshot(snapshot: LoadedSnapshot): void {
    const before = this.#snapshot;
    this.#snapshot = buildSnapshot(snapshot, snapshot.members, before.hosts, this.#availability);
    for (const host of before.hosts) if (!this.#snapshot.hosts.includes(host)) this.#remove(host);
  }

  chooseHost(key: string, tried: readonly Host[]): HostChoice {
    return chooseHost(this.#snapshot, key, tried, this.#placementFailures);
  }

  recordSuccess(host: Host): void {
    if (host.consecutiveFailures === 0) return;
    host.consecutiveFailures = 0;
    this.#hooks.send({ type: "success", server: host.name });
  }

  recordFailure(host: Host, code: string, began: number): void {
    host.consecutiveFailures += 1;
    this.#hooks.send({ type: "failure", server: host.name, code, agoMs: performance.now() - began });
  }

  recordCheck(host: Host, error: string | null): void {
    this.#hooks.send({ type: "check", server: host.name, error });
  }

  /** Goes by other states of the servers from here on. */
  applyHostStates(hostStates: readonly HostState[]): void {
    const byName = new Map(this.#snapshot.hosts.map((host) => [host.name, host]));
    const wentDown: Host[] = [];
    for (const { name, hasFailures, upForMs, ...hostState } of hostStates) {
      const host = byName.get(name);
      if (host === undefined) continue;
      const wasUp = isUp(host);
      Object.assign(host, hostState);
      if (wasUp && !isUp(host)) wentDown.push(host);
      if (upForMs !== null) beginSlowStart(this.#availability, host, upForMs);
      if (hasFailures) host.consecutiveFailures = Math.max(1, host.consecutiveFailures);
    }
    for (const host of wentDown) if (isReplaced(host, this.#snapshot.hosts)) this.#hooks.onHostDown(host);
  }

  #remove(host: Host): void {
    this.#hooks.onHostRemoved(host);
    const { name, address } = host;
    void whenIdle(host).then(() => this.#hooks.send({ type: "removed-idle", server: name, address }));
  }
}
