import type { Socket } from "node:net";
import type { Settings } from "../config/options.ts";
import type { TrustedProxies } from "../config/trusted-proxies.ts";
import { refusalAnswer } from "./refusal.ts";

/** How long one that was turned away may take to hear of it, in milliseconds, and how many of them are waited for. */
const lingerMs = 1_000;
const maxLingering = 1_000;

type DoorSettings = Pick<Settings, "maxConnections" | "maxClientConnections">;

/** How many clients may be connected, in all and from one address. */
export class Door {
  readonly #settings: DoorSettings;
  readonly #trust: TrustedProxies;
  readonly count: () => void;
  readonly #byAddress = new Map<string, number>();
  /** Those turned away that have not heard of it yet. */
  readonly #lingering = new Set<Socket>();

  /** `count` is called for each client that is turned away. It is not told to anybody: a flood must not fill a log. */
  constructor(settings: DoorSettings, trust: TrustedProxies, count: () => void) {
    this.#settings = settings;
    this.#trust = trust;
    this.count = count;
  }

  /** Whether there is no room for another connection beside `open`. */
  isFull(open: number): boolean {
    const { maxConnections } = this.#settings;
    return maxConnections > 0 && open >= maxConnections;
  }

  /**
   * Lets in one more connection of a normalized address, unless it has too many; `leave` has to follow. One that is
   * trusted speaks for others, and may have any number.
   */
  enter(address: string): boolean {
    const { maxClientConnections } = this.#settings;
    if (maxClientConnections === 0 || this.#trust.trusts(address)) return true;
    const here = this.#byAddress.get(address) ?? 0;
    if (here >= maxClientConnections) return false;
    this.#byAddress.set(address, here + 1);
    return true;
  }

  leave(address: string): void {
    const here = this.#byAddress.get(address);
    if (here === undefined) return;
    if (here === 1) this.#byAddress.delete(address);
    else this.#byAddress.set(address, here - 1);
  }

  /** Answers 503, reads nothing of what is asked, and closes: a flood of these costs next to nothing. */
  turnAway(socket: Socket): void {
    this.count();
    socket.on("error", () => {});
    if (this.#lingering.size >= maxLingering) {
      socket.resetAndDestroy();
      return;
    }
    this.#lingering.add(socket);
    // A connection that is closed with bytes unread is reset, and its answer may be lost with it.
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("end", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(timer);
      this.#lingering.delete(socket);
    });
    socket.end(refusalAnswer("too-many-connections", "Connection: close\r\n"), "latin1");
    socket.resume();
  }

  /** Waits for nobody any more. */
  close(): void {
    for (const socket of this.#lingering) socket.destroy();
  }
}
