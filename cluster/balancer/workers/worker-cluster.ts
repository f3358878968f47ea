import { loadPlacement } from "../../../src/modules/load.ts";
import type { Member } from "../../../src/placement/index.ts";
import {
  type Availability,
  type AvailabilityOptions,
  isReplaced,
  newAvailability,
  warm,
} from "../cluster/availability.ts";
import { type Host, isUp, whenIdle } from "../cluster/host.ts";
import { chooseHost, type HostChoice, type HostSelection } from "../cluster/host-selection.ts";
import { PlacementFailures } from "../cluster/placement-failures.ts";
import { buildSnapshot, type Choice, type ClusterSnapshot } from "../cluster/snapshot.ts";
import type { FromWorker, HostState, SerializedSnapshot } from "./messages.ts";

/** A choice with its members, as they were before they were sent. */
export type LoadedSnapshot = Choice & { readonly members: readonly Member[] };

/** Loads what was sent. Rejects with a PlacementError where that can't be: the parent has loaded the same before. */
export const loaded = async ({ members, key, ...kept }: SerializedSnapshot): Promise<LoadedSnapshot> => ({
  ...(await loadPlacement(kept)),
  key,
  members,
});

/** What others do about servers. */
export interface WorkerClusterHooks {
  tell(message: FromWorker): void;
  left(host: Host): void;
  /** It was taken out, and there is another. */
  down(host: Host): void;
}

/** As the parent's members, in a worker: it routes by what it is told, and tells what it sees. */
export class WorkerCluster implements HostSelection {
  #view: ClusterSnapshot;
  readonly #hooks: WorkerClusterHooks;
  readonly #availability: Availability;
  readonly #unplaced: PlacementFailures;

  constructor(view: LoadedSnapshot, options: AvailabilityOptions, hooks: WorkerClusterHooks) {
    this.#hooks = hooks;
    this.#unplaced = new PlacementFailures((event) => hooks.tell({ type: "event", event }));
    this.#availability = newAvailability(options);
    this.#view = buildSnapshot(view, view.members, [], this.#availability);
  }

  get view(): ClusterSnapshot {
    return this.#view;
  }

  /** Takes another view. */
  show(view: LoadedSnapshot): void {
    const before = this.#view;
    this.#view = buildSnapshot(view, view.members, before.hosts, this.#availability);
    for (const host of before.hosts) if (!this.#view.hosts.includes(host)) this.#part(host);
  }

  chooseHost(key: string, tried: readonly Host[]): HostChoice {
    return chooseHost(this.#view, key, tried, this.#unplaced);
  }

  recordSuccess(host: Host): void {
    if (host.consecutiveFailures === 0) return;
    host.consecutiveFailures = 0;
    this.#hooks.tell({ type: "answered", server: host.name });
  }

  recordFailure(host: Host, code: string, began: number): void {
    host.consecutiveFailures += 1;
    this.#hooks.tell({ type: "lost", server: host.name, code, agoMs: performance.now() - began });
  }

  recordCheck(host: Host, error: string | null): void {
    this.#hooks.tell({ type: "checked", server: host.name, error });
  }

  /** Takes how the servers stand. */
  stand(hostStates: readonly HostState[]): void {
    const byName = new Map(this.#view.hosts.map((host) => [host.name, host]));
    const wentDown: Host[] = [];
    for (const { name, suspect, upForMs, ...hostState } of hostStates) {
      const host = byName.get(name);
      if (host === undefined) continue;
      const wasUp = isUp(host);
      Object.assign(host, hostState);
      if (wasUp && !isUp(host)) wentDown.push(host);
      if (upForMs !== null) warm(this.#availability, host, upForMs);
      if (suspect) host.consecutiveFailures = Math.max(1, host.consecutiveFailures);
    }
    for (const host of wentDown) if (isReplaced(host, this.#view.hosts)) this.#hooks.down(host);
  }

  #part(host: Host): void {
    this.#hooks.left(host);
    const { name, address } = host;
    void whenIdle(host).then(() => this.#hooks.tell({ type: "parted", server: name, address }));
  }
}
