import { formatPolicy, type Member } from "../../src/placement/index.ts";
import {
  type Availability,
  type AvailabilityOptions,
  isForced,
  newAvailability,
  reckonPanic,
  warm,
} from "./availability.ts";
import type { CheckSpec } from "./config.ts";
import type { BalancerEvent } from "./events.ts";
import { formatKey } from "./key.ts";
import type { Settings } from "./options.ts";
import { Outliers } from "./outliers.ts";
import { type Choosing, chooseFrom, type Routing } from "./routing.ts";
import { Unplaced } from "./unplaced.ts";
import { isUp, stateOf, type Upstream } from "./upstream.ts";
import { buildView, type Choice, type View } from "./view.ts";

/** What others do when members come and go. */
export interface MemberHooks {
  joined(upstream: Upstream): void;
  left(upstream: Upstream): void;
  emit(event: BalancerEvent): void;
  /** The view, or what is known of a server, is another now. */
  changed(): void;
}

export interface MembersOptions
  extends Choice,
    AvailabilityOptions,
    Pick<Settings, "ejectAfter" | "ejectionMs" | "ejectPercent"> {
  readonly members: readonly Member[];
  readonly check: CheckSpec;
}

/** The servers behind the balancer: who they are, which of them can be used, and which a key goes to. */
export class Members implements Routing {
  #view: View;
  readonly #check: CheckSpec;
  readonly #ejectPercent: number;
  readonly #hooks: MemberHooks;
  readonly #outliers: Outliers;
  readonly #unplaced: Unplaced;
  readonly #availability: Availability;

  /** Throws a PlacementError or ConfigError for members that cannot be. */
  constructor(options: MembersOptions, hooks: MemberHooks) {
    this.#check = options.check;
    this.#ejectPercent = options.ejectPercent;
    this.#hooks = hooks;
    this.#outliers = new Outliers(options, {
      canSpare: () => this.#canSpare(),
      ejected: (upstream, reason, forMs) => {
        hooks.emit({ type: "ejected", server: upstream.name, reason, forMs });
        this.#change(upstream, { ejected: true }, reason);
      },
      restored: (upstream) => {
        hooks.emit({ type: "restored", server: upstream.name });
        this.#change(upstream, { ejected: false });
      },
    });
    this.#unplaced = new Unplaced(hooks.emit);
    this.#availability = newAvailability(options);
    this.#view = buildView(options, options.members, [], this.#availability);
    for (const upstream of this.#view.upstreams) hooks.joined(upstream);
  }

  get view(): View {
    return this.#view;
  }

  find(name: string): Upstream | undefined {
    return this.#view.upstreams.find((upstream) => upstream.name === name);
  }

  choose(key: string, tried: readonly Upstream[]): Choosing {
    return chooseFrom(this.#view, key, tried, this.#unplaced);
  }

  /** Every server's name, in the order in which `key` prefers them. */
  candidates(key: string): string[] {
    const { placement } = this.#view;
    return placement.candidates(key).flatMap((index) => placement.members[index]?.name ?? []);
  }

  /** Makes `members` the membership, at once and as a whole; throws and changes nothing when it cannot be. Returns who left. */
  replace(members: readonly Member[]): readonly Upstream[] {
    const before = this.#view;
    const after = buildView(before, members, before.upstreams, this.#availability);
    this.#view = after;
    const left = before.upstreams.filter((upstream) => !after.upstreams.includes(upstream));
    const joined = after.upstreams.filter((upstream) => !before.upstreams.includes(upstream));
    for (const upstream of left) this.#part(upstream);
    for (const upstream of joined) this.#welcome(upstream);
    this.#tellWeights(before.members, after.upstreams);
    this.#changed();
    return left;
  }

  /** Chooses by another policy, hash or key from now on; throws and changes nothing when the members do not suit it. */
  setPolicy(choice: Choice): void {
    const { members, upstreams } = this.#view;
    this.#view = buildView(choice, members, upstreams, this.#availability);
    const { policy, hash, key } = choice;
    this.#hooks.emit({ type: "policy", policy: formatPolicy(policy), hash: hash.name, key: formatKey(key) });
    this.#changed();
  }

  /** Keeps new requests from a server, or gives them to it again. */
  setDraining(upstream: Upstream, draining: boolean): void {
    if (upstream.draining === draining) return;
    upstream.draining = draining;
    this.#hooks.emit({ type: draining ? "draining" : "ready", server: upstream.name });
    this.#changed();
  }

  /** Takes the result of a check: `error` is null for a success. A refused connection counts as a failed check. */
  checked(upstream: Upstream, error: string | null): void {
    if (this.#check.kind === "off" || !this.#view.upstreams.includes(upstream)) return;
    if (error === null) this.#passed(upstream);
    else this.#failed(upstream, error);
  }

  /** A server has answered a request whole. */
  answered(upstream: Upstream): void {
    upstream.losses = 0;
  }

  /** A request that was given to a server at `began` (`performance.now()`) failed there: it may be ejected for that. */
  lost(upstream: Upstream, code: string, began: number): void {
    if (this.#view.upstreams.includes(upstream)) this.#outliers.lost(upstream, code, began);
  }

  /** Leaves no timer behind. */
  close(): void {
    this.#outliers.close();
  }

  /** What is known of the servers is another now: so may be which of them are used. */
  #changed(): void {
    if (reckonPanic(this.#availability, this.#view.upstreams))
      this.#hooks.emit({ type: this.#availability.panic ? "panic" : "calm" });
    this.#hooks.changed();
  }

  /** Never more than a share of the servers is taken out for what requests say of them. */
  #canSpare(): boolean {
    const { upstreams } = this.#view;
    const out = upstreams.filter((upstream) => stateOf(upstream) !== "up").length + 1;
    return out * 100 <= upstreams.length * this.#ejectPercent;
  }

  #passed(upstream: Upstream): void {
    upstream.proven = true;
    upstream.streak = Math.max(upstream.streak, 0) + 1;
    if (!upstream.healthy && upstream.streak >= this.#check.rise) this.#change(upstream, { healthy: true });
  }

  #failed(upstream: Upstream, reason: string): void {
    upstream.lastError = reason;
    upstream.streak = Math.min(upstream.streak, 0) - 1;
    const failures = upstream.proven ? this.#check.fall : 1;
    if (upstream.healthy && -upstream.streak >= failures) this.#change(upstream, { healthy: false }, reason);
    // In a panic it matters how a server is down.
    else if (upstream.forced !== isForced(this.#availability, upstream)) this.#changed();
  }

  /** Tells of a change only when it makes the difference between up and down. */
  #change(upstream: Upstream, change: Partial<Pick<Upstream, "healthy" | "ejected">>, reason = ""): void {
    const before = isUp(upstream);
    Object.assign(upstream, change);
    if (isUp(upstream) === before) return;
    const server = upstream.name;
    if (before) {
      upstream.lastError = reason;
      this.#hooks.emit({ type: "down", server, reason });
    } else {
      warm(this.#availability, upstream);
      this.#hooks.emit({ type: "up", server });
    }
    this.#changed();
  }

  #part(upstream: Upstream): void {
    this.#outliers.forget(upstream);
    this.#hooks.left(upstream);
    this.#hooks.emit({ type: "removed", server: upstream.name });
  }

  /** Tells of the servers that have another weight than before. */
  #tellWeights(before: readonly Member[], upstreams: readonly Upstream[]): void {
    const weights = new Map(before.map(({ name, weight }) => [name, weight]));
    for (const { name, weight } of upstreams)
      if ((weights.get(name) ?? weight) !== weight) this.#hooks.emit({ type: "weight", server: name, weight });
  }

  #welcome(upstream: Upstream): void {
    warm(this.#availability, upstream);
    this.#hooks.joined(upstream);
    this.#hooks.emit({ type: "added", server: upstream.name });
  }
}
