/** Something that changed in the balancer: logged, and sent to the subscribers of `GET /v1/events`. */
export type BalancerEvent =
  | { readonly type: "up" | "added" | "removed" | "draining" | "ready"; readonly server: string }
  | { readonly type: "down"; readonly server: string; readonly reason: string }
  /** The server has this weight now. */
  | { readonly type: "weight"; readonly server: string; readonly weight: number }
  /** Outlier detection took the server out for so many milliseconds because requests failed at it; and put it back. */
  | { readonly type: "ejected"; readonly server: string; readonly reason: string; readonly forMs: number }
  | { readonly type: "unejected"; readonly server: string }
  | { readonly type: "policy"; readonly policy: string; readonly hash: string; readonly key: string }
  /** The policy or the hash failed, and requests got a local reply for that: so many since the last such event. */
  | { readonly type: "placement-failed"; readonly reason: string; readonly requests: number }
  /** So few servers are up that down ones are used too; and no longer. */
  | { readonly type: "panic" | "panic-ended" }
  /** Lines of the access log could not be written, and were dropped; reported once until some are written again. */
  | { readonly type: "log-failed"; readonly reason: string }
  /** A worker process has ended, and another takes its place. */
  | { readonly type: "worker-lost"; readonly reason: string }
  /** Something went wrong in the balancer itself; the reason is a stack. */
  | { readonly type: "defect"; readonly reason: string };

/** Former names of events: whoever reads the balancer's log or stream by them gets each event under both names. */
const formerNames: Readonly<Record<string, string>> = {
  unejected: "restored",
  "placement-failed": "unplaced",
  "panic-ended": "calm",
  "scale-request": "wanted",
};

/** An event under its name, or under its former one. */
type Aliased<Event> = Omit<Event, "type"> & { readonly type: string; readonly aliasOf?: string };

/** Returns an event, and where it has a former name the same again under that, with `aliasOf`. */
export function withAlias<Event extends { readonly type: string }>(event: Event): readonly Aliased<Event>[] {
  const former = formerNames[event.type];
  return former === undefined ? [event] : [event, { ...event, type: former, aliasOf: event.type }];
}

/** Who listens to the balancer's events. */
export class Events {
  readonly #listeners = new Set<(event: BalancerEvent) => void>();

  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: BalancerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: BalancerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
