import { loadPlacement } from "../../../src/modules/load.ts";
import type { Member } from "../../../src/placement/index.ts";
import { type Availability, type AvailabilityOptions, newAvailability, warm } from "../cluster/availability.ts";
import { type Host, whenIdle } from "../cluster/host.ts";
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

/** As the parent's members, in a worker: it routes by what it is told, and tells what it sees. */
export class WorkerCluster implements HostSelection {
  #view: ClusterSnapshot;
  readonly #tell: (message: FromWorker) => void;
  readonly #left: (host: Host) => void;
  readonly #availability: Availability;
  readonly #unplaced: PlacementFailures;

  /** `left` is called for each server that leaves. */
  constructor(
    view: LoadedSnapshot,
    options: AvailabilityOptions,
    tell: (message: FromWorker) => void,
    left: (host: Host) => void,
  ) {
    this.#tell = tell;
    this.#left = left;
    this.#unplaced = new PlacementFailures((event) => tell({ type: "event", event }));
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

  choose(key: string, tried: readonly Host[]): HostChoice {
    return chooseHost(this.#view, key, tried, this.#unplaced);
  }

  answered(host: Host): void {
    if (host.consecutiveFailures === 0) return;
    host.consecutiveFailures = 0;
    this.#tell({ type: "answered", server: host.name });
  }

  lost(host: Host, code: string, began: number): void {
    host.consecutiveFailures += 1;
    this.#tell({ type: "lost", server: host.name, code, agoMs: performance.now() - began });
  }

  checked(host: Host, error: string | null): void {
    this.#tell({ type: "checked", server: host.name, error });
  }

  /** Takes how the servers stand. */
  stand(hostStates: readonly HostState[]): void {
    const byName = new Map(this.#view.hosts.map((host) => [host.name, host]));
    for (const { name, suspect, upForMs, ...hostState } of hostStates) {
      const host = byName.get(name);
      if (host === undefined) continue;
      Object.assign(host, hostState);
      if (upForMs !== null) warm(this.#availability, host, upForMs);
      if (suspect) host.consecutiveFailures = Math.max(1, host.consecutiveFailures);
    }
  }

  #part(host: Host): void {
    this.#left(host);
    const { name, address } = host;
    void whenIdle(host).then(() => this.#tell({ type: "parted", server: name, address }));
  }
}
