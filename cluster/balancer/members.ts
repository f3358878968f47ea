import {
  createPlacement,
  formatPolicy,
  type HashName,
  type Member,
  type Placement,
  type PolicySpec,
} from "../../src/placement/index.ts";
import type { CheckSpec } from "./config.ts";
import type { BalancerEvent } from "./events.ts";
import { formatKey, type KeySource, type KeySpec, keyReader } from "./key.ts";
import { newCounts, newUpstream, type Upstream } from "./upstream.ts";

/** How a server is chosen for a request: by what, and what of the request. */
export interface Choice {
  readonly policy: PolicySpec;
  readonly hash: HashName;
  readonly key: KeySpec;
}

/** Who is there and how they are chosen: immutable, swapped as one reference. */
export interface View extends Choice {
  readonly readKey: (source: KeySource) => string;
  readonly placement: Placement;
  /** In the order of `placement.members`. */
  readonly upstreams: readonly Upstream[];
  /** Whether the member at an index may be given requests. */
  readonly usable: (member: number) => boolean;
}

/** What others do when members come and go. */
export interface MemberHooks {
  joined(upstream: Upstream): void;
  left(upstream: Upstream): void;
  emit(event: BalancerEvent): void;
}

export interface MembersOptions extends Choice {
  readonly members: readonly Member[];
  readonly check: CheckSpec;
}

/** The servers behind the balancer: who they are, which of them can be used, and which a key goes to. */
export class Members {
  #view: View;
  readonly #check: CheckSpec;
  readonly #hooks: MemberHooks;

  /** Throws a PlacementError or ConfigError for members that cannot be. */
  constructor(options: MembersOptions, hooks: MemberHooks) {
    this.#check = options.check;
    this.#hooks = hooks;
    this.#view = buildView(options, options.members, []);
    for (const upstream of this.#view.upstreams) hooks.joined(upstream);
  }

  get view(): View {
    return this.#view;
  }

  find(name: string): Upstream | undefined {
    return this.#view.upstreams.find((upstream) => upstream.name === name);
  }

  /** The first usable server for `key` that is not among `tried`; null when there is none. */
  choose(key: string, tried: readonly Upstream[]): Upstream | null {
    const { placement, upstreams, usable } = this.#view;
    const untried = (member: number): boolean => {
      const upstream = upstreams[member];
      return usable(member) && upstream !== undefined && !tried.includes(upstream);
    };
    return upstreams[placement.select(key, tried.length === 0 ? usable : untried)] ?? null;
  }

  /** Every server's name, in the order in which `key` prefers them. */
  candidates(key: string): string[] {
    const { placement } = this.#view;
    return placement.candidates(key).flatMap((index) => placement.members[index]?.name ?? []);
  }

  /** Makes `members` the membership, at once and as a whole; throws and changes nothing when it cannot be. Returns who left. */
  replace(members: readonly Member[]): readonly Upstream[] {
    const before = this.#view;
    const after = buildView(before, members, before.upstreams);
    this.#view = after;
    const left = before.upstreams.filter((upstream) => !after.upstreams.includes(upstream));
    const joined = after.upstreams.filter((upstream) => !before.upstreams.includes(upstream));
    for (const upstream of left) this.#part(upstream);
    for (const upstream of joined) this.#welcome(upstream);
    return left;
  }

  /** Chooses by another policy, hash or key from now on; throws and changes nothing when the members do not suit it. */
  setPolicy(choice: Choice): void {
    const { placement, upstreams } = this.#view;
    this.#view = buildView(choice, placement.members, upstreams);
    const { policy, hash, key } = choice;
    this.#hooks.emit({ type: "policy", policy: formatPolicy(policy), hash, key: formatKey(key) });
  }

  /** Keeps new requests from a server, or gives them to it again. */
  setDraining(upstream: Upstream, draining: boolean): void {
    if (upstream.draining === draining) return;
    upstream.draining = draining;
    this.#hooks.emit({ type: draining ? "draining" : "ready", server: upstream.name });
  }

  /** Takes the result of a check: `error` is null for a success. A refused connection counts as a failed check. */
  checked(upstream: Upstream, error: string | null): void {
    if (this.#check.kind === "off" || !this.#view.upstreams.includes(upstream)) return;
    if (error === null) this.#passed(upstream);
    else this.#failed(upstream, error);
  }

  #passed(upstream: Upstream): void {
    upstream.proven = true;
    upstream.streak = Math.max(upstream.streak, 0) + 1;
    if (upstream.healthy || upstream.streak < this.#check.rise) return;
    upstream.healthy = true;
    this.#hooks.emit({ type: "up", server: upstream.name });
  }

  #failed(upstream: Upstream, reason: string): void {
    upstream.lastError = reason;
    upstream.streak = Math.min(upstream.streak, 0) - 1;
    if (!upstream.healthy || (upstream.proven && -upstream.streak < this.#check.fall)) return;
    upstream.healthy = false;
    this.#hooks.emit({ type: "down", server: upstream.name, reason });
  }

  #part(upstream: Upstream): void {
    this.#hooks.left(upstream);
    this.#hooks.emit({ type: "removed", server: upstream.name });
  }

  #welcome(upstream: Upstream): void {
    this.#hooks.joined(upstream);
    this.#hooks.emit({ type: "added", server: upstream.name });
  }
}

function buildView({ policy, hash, key }: Choice, members: readonly Member[], known: readonly Upstream[]): View {
  const placement = createPlacement(policy, hash, members);
  const upstreams = placement.members.map((member) => keepOrMake(member, known));
  const usable = (member: number): boolean => {
    const upstream = upstreams[member];
    return upstream?.healthy === true && !upstream.draining;
  };
  // Weights are run-time state of a kept server: they are set once nothing can throw any more.
  for (const [index, upstream] of upstreams.entries()) upstream.weight = placement.members[index]?.weight ?? 1;
  return { policy, hash, key, readKey: keyReader(key), placement, upstreams, usable };
}

/** A server that stays keeps its state; one that changed its address starts anew and keeps its counts. */
function keepOrMake(member: Member, known: readonly Upstream[]): Upstream {
  const same = known.find(({ name }) => name === member.name);
  return same?.address === member.address && same !== undefined
    ? same
    : newUpstream(member, same?.counts ?? newCounts());
}
