import { formatPolicy, type Member } from "../../../src/placement/index.ts";
import type { HealthCheckSpec } from "../config/config.ts";
import { formatHashKey } from "../config/hash-key.ts";
import type { Settings } from "../config/options.ts";
import type { BalancerEvent } from "../telemetry/events.ts";
import {
  type Availability,
  type AvailabilityOptions,
  beginSlowStart,
  isReplaced,
  isUsedInPanic,
  newAvailability,
  updatePanic,
} from "./availability.ts";
import { type Host, isUp, stateOf } from "./host.ts";
import { chooseHost, type HostChoice, type HostSelection } from "./host-selection.ts";
import { OutlierDetection } from "./outlier-detection.ts";
import { PlacementFailures } from "./placement-failures.ts";
import { buildSnapshot, type Choice, type ClusterSnapshot } from "./snapshot.ts";

/** What others do when members come and go. */
export interface ClusterHooks {
  onHostAdded(host: Host): void;
  onHostRemoved(host: Host): void;
  /** Its checks, or outlier detection, took a server out, and there is another. */
  onHostDown(host: Host): void;
  emit(event: BalancerEvent): void;
  /** The snapshot, or what is known of a server, is another now. */
  onChange(): void;
}

export interface ClusterOptions
  extends Choice,
    AvailabilityOptions,
    Pick<Settings, "ejectAfter" | "ejectionMs" | "ejectPercent"> {
  readonly members: readonly Member[];
  readonly check: HealthCheckSpec;
}

/** The servers behind the balancer: who they are, which of them can be used, and which a key goes to. */
export class Cluster implements HostSelection {
  #snapshot: ClusterSnapshot;
  readonly #check: HealthCheckSpec;
  readonly #ejectPercent: number;
  readonly #hooks: ClusterHooks;
  readonly #outliers: OutlierDetection;
  readonly #placementFailures: PlacementFailures;
  readonly #availability: Availability;

  /** Throws a PlacementError or ConfigError for members that cannot be. */
  constructor(options: ClusterOptions, hooks: ClusterHooks) {
    this.#check = options.check;
    this.#ejectPercent = options.ejectPercent;
    this.#hooks = hooks;
    this.#outliers = new OutlierDetection(options, {
      mayEject: () => this.#mayEject(),
      ejected: (host, reason, forMs) => {
        hooks.emit({ type: "ejected", server: host.name, reason, forMs });
        this.#change(host, { ejected: true }, reason);
      },
      unejected: (host) => {
        hooks.emit({ type: "unejected", server: host.name });
        this.#change(host, { ejected: false });
      },
    });
    this.#placementFailures = new PlacementFailures(hooks.emit);
    this.#availability = newAvailability(options);
    this.#snapshot = buildSnapshot(options, options.members, [], this.#availability);
    for (const host of this.#snapshot.hosts) hooks.onHostAdded(host);
  }

  get snapshot(): ClusterSnapshot {
    return this.#snapshot;
  }

  find(name: string): Host | undefined {
    return this.#snapshot.hosts.find((host) => host.name === name);
  }

  chooseHost(key: string, tried: readonly Host[]): HostChoice {
    return chooseHost(this.#snapshot, key, tried, this.#placementFailures);
  }

  /** Every server's name, in the order in which `key` prefers them. */
  candidates(key: string): string[] {
    const { placement } = this.#snapshot;
    return placement.candidates(key).flatMap((index) => placement.members[index]?.name ?? []);
  }

  /** Makes `members` the membership, at once and as a whole; throws and changes nothing when it cannot be. Returns who left. */
  replace(members: readonly Member[]): readonly Host[] {
    const before = this.#snapshot;
    const after = buildSnapshot(before, members, before.hosts, this.#availability);
    this.#snapshot = after;
    const left = before.hosts.filter((host) => !after.hosts.includes(host));
    const joined = after.hosts.filter((host) => !before.hosts.includes(host));
    for (const host of left) this.#remove(host);
    for (const host of joined) this.#add(host);
    this.#emitWeights(before.members, after.hosts);
    this.#changed();
    return left;
  }

  /** Chooses by another policy, hash or key from now on; throws and changes nothing when the members do not suit it. */
  setPolicy(choice: Choice): void {
    const { members, hosts } = this.#snapshot;
    this.#snapshot = buildSnapshot(choice, members, hosts, this.#availability);
    const { policy, hash, key } = choice;
    this.#hooks.emit({ type: "policy", policy: formatPolicy(policy), hash: hash.name, key: formatHashKey(key) });
    this.#changed();
  }

  /** Keeps new requests from a server, or gives them to it again. */
  setDraining(host: Host, draining: boolean): void {
    if (host.draining === draining) return;
    host.draining = draining;
    this.#hooks.emit({ type: draining ? "draining" : "ready", server: host.name });
    this.#changed();
  }

  /** Takes the result of a check: `error` is null for a success. A refused connection counts as a failed check. */
  recordCheck(host: Host, error: string | null): void {
    if (this.#check.kind === "off" || !this.#snapshot.hosts.includes(host)) return;
    if (error === null) this.#recordPass(host);
    else this.#recordFail(host, error);
  }

  /** Called when a response of the server is complete. */
  recordSuccess(host: Host): void {
    host.consecutiveFailures = 0;
  }

  /** A request that was given to a server at `began` (`performance.now()`) failed there: it may be ejected for that. */
  recordFailure(host: Host, code: string, began: number): void {
    if (this.#snapshot.hosts.includes(host)) this.#outliers.recordFailure(host, code, began);
  }

  /** Leaves no timer behind. */
  close(): void {
    this.#outliers.close();
  }

  /** What is known of the servers is another now: so may be which of them are used. */
  #changed(): void {
    if (updatePanic(this.#availability, this.#snapshot.hosts))
      this.#hooks.emit({ type: this.#availability.panic ? "panic" : "panic-ended" });
    this.#hooks.onChange();
  }

  /** Never more than a share of the servers is taken out for what requests say of them. */
  #mayEject(): boolean {
    const { hosts } = this.#snapshot;
    const out = hosts.filter((host) => stateOf(host) !== "up").length + 1;
    return out * 100 <= hosts.length * this.#ejectPercent;
  }

  #recordPass(host: Host): void {
    host.checkedHealthy = true;
    host.checkStreak = Math.max(host.checkStreak, 0) + 1;
    if (!host.healthy && host.checkStreak >= this.#check.rise) this.#change(host, { healthy: true });
  }

  #recordFail(host: Host, reason: string): void {
    host.lastError = reason;
    host.checkStreak = Math.min(host.checkStreak, 0) - 1;
    const failures = host.checkedHealthy ? this.#check.fall : 1;
    if (host.healthy && -host.checkStreak >= failures) this.#change(host, { healthy: false }, reason);
    // In a panic it matters how a server is down.
    else if (host.usedInPanic !== isUsedInPanic(this.#availability, host)) this.#changed();
  }

  /** Tells of a change only when it makes the difference between up and down. */
  #change(host: Host, change: Partial<Pick<Host, "healthy" | "ejected">>, reason = ""): void {
    const before = isUp(host);
    Object.assign(host, change);
    if (isUp(host) === before) return;
    const server = host.name;
    if (before) {
      host.lastError = reason;
      this.#hooks.emit({ type: "down", server, reason });
    } else {
      beginSlowStart(this.#availability, host);
      this.#hooks.emit({ type: "up", server });
    }
    this.#changed();
    if (before && isReplaced(host, this.#snapshot.hosts)) this.#hooks.onHostDown(host);
  }

  #remove(host: Host): void {
    this.#outliers.forget(host);
    this.#hooks.onHostRemoved(host);
    this.#hooks.emit({ type: "removed", server: host.name });
  }

  /** Tells of the servers that have another weight than before. */
  #emitWeights(before: readonly Member[], hosts: readonly Host[]): void {
    const weights = new Map(before.map(({ name, weight }) => [name, weight]));
    for (const { name, weight } of hosts)
      if ((weights.get(name) ?? weight) !== weight) this.#hooks.emit({ type: "weight", server: name, weight });
  }

  #add(host: Host): void {
    beginSlowStart(this.#availability, host);
    this.#hooks.onHostAdded(host);
    this.#hooks.emit({ type: "added", server: host.name });
  }
}
