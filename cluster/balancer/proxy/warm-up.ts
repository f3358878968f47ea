import { type Accepted, closeAccepted } from "./io/connect.ts";

interface WarmUpOptions {
  /** How long connections are held at most, in milliseconds; 0 for not at all. */
  readonly awaitServersMs: number;
  /** No more than so many are held; 0 for any number. */
  readonly maxConnections: number;
  /** Whether there is a server. */
  readonly isReady: () => boolean;
  /** Takes each connection, once there is a server or the time is over. */
  readonly take: (accepted: Accepted) => void;
}

/**
 * Holds the connections that arrive before the first server is known, as Envoy's warming does: a balancer that gets its
 * servers after its start would reject them.
 */
export class WarmUp {
  readonly #options: WarmUpOptions;
  /** Null once connections are not held any more. */
  #held: Accepted[] | null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WarmUpOptions) {
    const { awaitServersMs, isReady } = options;
    this.#options = options;
    this.#held = awaitServersMs === 0 || isReady() ? null : [];
    if (this.#held !== null) this.#timer = setTimeout(() => this.#end(), awaitServersMs);
  }

  admit(accepted: Accepted): void {
    const { maxConnections, take } = this.#options;
    if (this.#held === null) take(accepted);
    else if (maxConnections > 0 && this.#held.length >= maxConnections) closeAccepted(accepted);
    else this.#held.push(accepted);
  }

  /** There may be a server now. */
  update(): void {
    if (this.#held !== null && this.#options.isReady()) this.#end();
  }

  /** Holds no more, and ends those that are held. */
  close(): void {
    clearTimeout(this.#timer);
    for (const accepted of this.#held ?? []) closeAccepted(accepted);
    this.#held = null;
  }

  #end(): void {
    clearTimeout(this.#timer);
    const held = this.#held ?? [];
    this.#held = null;
    for (const accepted of held) this.#options.take(accepted);
  }
}
