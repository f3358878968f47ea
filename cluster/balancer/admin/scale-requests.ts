import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { EventStreams, ScaleRequestEvent } from "./streams.ts";

/** What became of a wish. */
export interface Outcome {
  readonly status: 200 | 409 | 500 | 504;
  /** Why it was not granted; empty when it was. */
  readonly message: string;
}

const granted: Outcome = { status: 200, message: "" };

interface Pending {
  readonly supervisor: ServerResponse;
  readonly resolve: (outcome: Outcome) => void;
}

/** Wishes that wait for a supervisor to grant them. */
export class ScaleRequests {
  readonly #streams: EventStreams;
  readonly #patienceMs: number;
  readonly #pending = new Map<string, Pending>();

  constructor(streams: EventStreams, patienceMs = 60_000) {
    this.#streams = streams;
    this.#patienceMs = patienceMs;
  }

  /** Asks the supervisor for servers, and resolves when it has answered, gone, or taken too long. */
  ask(wish: Pick<ScaleRequestEvent, "action" | "n" | "hostnames">): Promise<Outcome> {
    const id = randomUUID();
    const supervisor = this.#streams.want({ type: "wanted", id, ...wish });
    if (supervisor === undefined) return Promise.resolve(nobody);
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#settle(id, tooLate), this.#patienceMs);
      const resolve = (outcome: Outcome): void => {
        clearTimeout(timer);
        settle(outcome);
      };
      this.#pending.set(id, { supervisor, resolve });
    });
  }

  /** The supervisor's answer: `error` is null when the wish is granted. False for an id that waits no longer. */
  answer(id: string, error: string | null): boolean {
    return this.#settle(id, error === null ? granted : { status: 500, message: error });
  }

  /** Gives up what a supervisor was asked for: nobody knows how much of it was done. */
  supervisorLeft(left: ServerResponse): void {
    for (const [id, { supervisor }] of [...this.#pending]) if (supervisor === left) this.#settle(id, gone);
  }

  #settle(id: string, outcome: Outcome): boolean {
    this.#pending.get(id)?.resolve(outcome);
    return this.#pending.delete(id);
  }
}

const nobody: Outcome = { status: 409, message: "no supervisor is attached that could start or stop servers" };
const tooLate: Outcome = { status: 504, message: "the supervisor did not answer in time" };
const gone: Outcome = { status: 409, message: "the supervisor has gone" };
