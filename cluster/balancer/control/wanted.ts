import { randomUUID } from "node:crypto";
import type { EventStreams, WantedEvent } from "./streams.ts";

/** What became of a wish. */
export interface Outcome {
  readonly status: 200 | 409 | 500 | 504;
  /** Why it was not granted; empty when it was. */
  readonly message: string;
}

const granted: Outcome = { status: 200, message: "" };

/** Wishes that wait for a supervisor to grant them. */
export class Wanted {
  readonly #streams: EventStreams;
  readonly #patienceMs: number;
  readonly #pending = new Map<string, (outcome: Outcome) => void>();

  constructor(streams: EventStreams, patienceMs = 60_000) {
    this.#streams = streams;
    this.#patienceMs = patienceMs;
  }

  /** Asks the supervisor for servers, and resolves when it has answered, gone, or taken too long. */
  ask(wish: Pick<WantedEvent, "action" | "n" | "hostnames">): Promise<Outcome> {
    if (!this.#streams.supervised)
      return Promise.resolve({ status: 409, message: "no supervisor is attached that could start or stop servers" });
    const id = randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, tooLate), this.#patienceMs);
      this.#pending.set(id, (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      this.#streams.want({ type: "wanted", id, ...wish });
    });
  }

  /** The supervisor's answer: `error` is null when the wish is granted. False for an id that waits no longer. */
  answer(id: string, error: string | null): boolean {
    return this.#settle(id, error === null ? granted : { status: 500, message: error });
  }

  /** Gives up what waits, unless another supervisor is there. */
  supervisorLeft(): void {
    if (this.#streams.supervised) return;
    for (const id of [...this.#pending.keys()]) this.#settle(id, gone);
  }

  #settle(id: string, outcome: Outcome): boolean {
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    resolve?.(outcome);
    return resolve !== undefined;
  }
}

const tooLate: Outcome = { status: 504, message: "the supervisor did not answer in time" };
const gone: Outcome = { status: 409, message: "the supervisor has gone" };
