import { loadPlacement } from "../../../src/modules/load.ts";
import type { Member } from "../../../src/placement/index.ts";
import { type Availability, type AvailabilityOptions, newAvailability, warm } from "../availability.ts";
import { type Choosing, chooseFrom, type Routing } from "../routing.ts";
import { Unplaced } from "../unplaced.ts";
import { type Upstream, whenIdle } from "../upstream.ts";
import { buildView, type Choice, type View } from "../view.ts";
import type { FromWorker, SentView, Standing } from "./messages.ts";

/** A choice with its members, as they were before they were sent. */
export type LoadedView = Choice & { readonly members: readonly Member[] };

/** Loads what was sent. Rejects with a PlacementError where that can't be: the parent has loaded the same before. */
export const loaded = async ({ members, key, ...kept }: SentView): Promise<LoadedView> => ({
  ...(await loadPlacement(kept)),
  key,
  members,
});

/** As the parent's members, in a worker: it routes by what it is told, and tells what it sees. */
export class Replica implements Routing {
  #view: View;
  readonly #tell: (message: FromWorker) => void;
  readonly #left: (upstream: Upstream) => void;
  readonly #availability: Availability;
  readonly #unplaced: Unplaced;

  /** `left` is called for each server that leaves. */
  constructor(
    view: LoadedView,
    options: AvailabilityOptions,
    tell: (message: FromWorker) => void,
    left: (upstream: Upstream) => void,
  ) {
    this.#tell = tell;
    this.#left = left;
    this.#unplaced = new Unplaced((event) => tell({ type: "event", event }));
    this.#availability = newAvailability(options);
    this.#view = buildView(view, view.members, [], this.#availability);
  }

  get view(): View {
    return this.#view;
  }

  /** Takes another view. */
  show(view: LoadedView): void {
    const before = this.#view;
    this.#view = buildView(view, view.members, before.upstreams, this.#availability);
    for (const upstream of before.upstreams) if (!this.#view.upstreams.includes(upstream)) this.#part(upstream);
  }

  choose(key: string, tried: readonly Upstream[]): Choosing {
    return chooseFrom(this.#view, key, tried, this.#unplaced);
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

  /** Takes how the servers stand. */
  stand(standings: readonly Standing[]): void {
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
