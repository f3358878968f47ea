import { type Availability, type AvailabilityOptions, newAvailability, warm } from "../availability.ts";
import { chooseFrom, type Routing } from "../routing.ts";
import { type Upstream, whenIdle } from "../upstream.ts";
import { buildView, type View } from "../view.ts";
import type { FromWorker, Snapshot } from "./messages.ts";

/** As the parent's members, in a worker: it routes by what it is told, and tells what it sees. */
export class Replica implements Routing {
  #view: View;
  readonly #tell: (message: FromWorker) => void;
  readonly #availability: Availability;
  readonly #left: (upstream: Upstream) => void;

  /** The first snapshot has a view. `left` is called for each server that leaves. */
  constructor(
    snapshot: Snapshot,
    options: AvailabilityOptions,
    tell: (message: FromWorker) => void,
    left: (upstream: Upstream) => void,
  ) {
    this.#availability = newAvailability(options);
    this.#tell = tell;
    this.#left = left;
    if (snapshot.view === undefined) throw new Error("the first snapshot has no view");
    this.#view = buildView(snapshot.view, snapshot.view.members, [], this.#availability);
    this.#stand(snapshot);
  }

  get view(): View {
    return this.#view;
  }

  apply(snapshot: Snapshot): void {
    const before = this.#view;
    if (snapshot.view !== undefined)
      this.#view = buildView(snapshot.view, snapshot.view.members, before.upstreams, this.#availability);
    this.#stand(snapshot);
    for (const upstream of before.upstreams) if (!this.#view.upstreams.includes(upstream)) this.#part(upstream);
  }

  choose(key: string, tried: readonly Upstream[]): Upstream | null {
    return chooseFrom(this.#view, key, tried);
  }

  answered(upstream: Upstream): void {
    if (upstream.losses === 0) return;
    upstream.losses = 0;
    this.#tell({ type: "answered", server: upstream.name });
  }

  lost(upstream: Upstream, code: string, began: number): void {
    upstream.losses += 1;
    this.#tell({ type: "lost", server: upstream.name, code, agoMs: performance.now() - began });
  }

  checked(upstream: Upstream, error: string | null): void {
    this.#tell({ type: "checked", server: upstream.name, error });
  }

  #stand({ standings }: Snapshot): void {
    const byName = new Map(this.#view.upstreams.map((upstream) => [upstream.name, upstream]));
    for (const { name, suspect, upForMs, ...standing } of standings) {
      const upstream = byName.get(name);
      if (upstream === undefined) continue;
      Object.assign(upstream, standing);
      if (upForMs !== null) warm(this.#availability, upstream, upForMs);
      if (suspect) upstream.losses = Math.max(1, upstream.losses);
    }
  }

  #part(upstream: Upstream): void {
    this.#left(upstream);
    const { name, address } = upstream;
    void whenIdle(upstream).then(() => this.#tell({ type: "parted", server: name, address }));
  }
}
