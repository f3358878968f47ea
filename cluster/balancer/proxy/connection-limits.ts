import type { Settings } from "../config/options.ts";
import type { TrustedProxies } from "../config/trusted-proxies.ts";
import { localReply } from "./exchange/local-reply.ts";
import { LingeringClose } from "./io/lingering-close.ts";
import type { ByteStream } from "./io/stream.ts";

/** How long a client that was rejected may take to hear of it, in milliseconds, and how many of them are waited for. */
const LINGER_MS = 1_000;
const MAX_LINGERING = 1_000;

type LimitSettings = Pick<Settings, "maxConnections" | "maxClientConnections">;

/** How many connections clients may have, in all and from one address. */
export class ConnectionLimits {
  readonly #settings: LimitSettings;
  readonly #trust: TrustedProxies;
  readonly #byAddress = new Map<string, number>();
  /** Those that were rejected and have not heard of it yet. */
  readonly #lingering = new Set<LingeringClose>();

  constructor(settings: LimitSettings, trust: TrustedProxies) {
    this.#settings = settings;
    this.#trust = trust;
  }

  /** Whether there is no room for another connection beside `open`. */
  isFull(open: number): boolean {
    const { maxConnections } = this.#settings;
    return maxConnections > 0 && open >= maxConnections;
  }

  /**
   * Counts one more connection of a normalized address, unless it has too many; `release` has to follow. One that is trusted speaks
   * for others, and may have any number.
   */
  acquire(address: string): boolean {
    const { maxClientConnections } = this.#settings;
    if (maxClientConnections === 0 || this.#trust.trusts(address)) return true;
    const here = this.#byAddress.get(address) ?? 0;
    if (here >= maxClientConnections) return false;
    this.#byAddress.set(address, here + 1);
    return true;
  }

  release(address: string): void {
    const here = this.#byAddress.get(address);
    if (here === undefined) return;
    if (here === 1) this.#byAddress.delete(address);
    else this.#byAddress.set(address, here - 1);
  }

  /** Answers 503, reads nothing of what is asked, and closes. It is not logged: a flood must not fill a log, and costs next to nothing. */
  reject(stream: ByteStream, now: number): void {
    if (this.#lingering.size >= MAX_LINGERING) {
      stream.reset();
      return;
    }
    stream.write(localReply("too-many-connections", "Connection: close\r\n"));
    const lingering: LingeringClose = new LingeringClose(stream, {
      deadline: now + LINGER_MS,
      stallTimeoutMs: LINGER_MS,
      isEnded: false,
      onClosed: () => this.#lingering.delete(lingering),
    });
    this.#lingering.add(lingering);
  }

  /** Called now and then: waits no longer for those that do not listen. */
  sweep(now: number): void {
    for (const lingering of this.#lingering) lingering.sweep(now);
  }

  /** Waits for nobody any more. */
  close(): void {
    for (const lingering of this.#lingering) lingering.destroy();
  }
}
