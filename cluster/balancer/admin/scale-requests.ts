import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ScaleRequestEvent } from "./schema.ts";
import type { EventStreams } from "./streams.ts";

/** What became of a scale request. */
export interface Outcome {
  readonly status: 200 | 409 | 500 | 504;
  /** Why it was not fulfilled; empty when it was. */
  readonly message: string;
}

const fulfilled: Outcome = { status: 200, message: "" };

interface Pending {
  readonly supervisor: ServerResponse;
  readonly resolve: (outcome: Outcome) => void;
}

/** Scale requests that wait for a supervisor to fulfil them. */
export class ScaleRequests {
  readonly #streams: EventStreams;
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending>();

  constructor(streams: EventStreams, timeoutMs = 60_000) {
    this.#streams = streams;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a scale request to the supervisor; resolves when that has fulfilled or rejected it, is gone, or has taken too long. */
  send(request: Pick<ScaleRequestEvent, "action" | "n" | "hostnames">): Promise<Outcome> {
    const id = randomUUID();
    const supervisor = this.#streams.sendScaleRequest({ type: "scale-request", id, ...request });
    if (supervisor === undefined) return Promise.resolve(nobody);
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#settle(id, tooLate), this.#timeoutMs);
      const resolve = (outcome: Outcome): void => {
        clearTimeout(timer);
        settle(outcome);
      };
      this.#pending.set(id, { supervisor, resolve });
    });
  }

  /** Takes what the supervisor says: `error` is null when the request is fulfilled. Returns false for an id that is not pending. */
  settle(id: string, error: string | null): boolean {
    return this.#settle(id, error === null ? fulfilled : { status: 500, message: error });
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
const tooLate: Outcome = { status: 504, message: "the supervisor did not respond in time" };
const gone: Outcome = { status: 409, message: "the supervisor has gone" };
