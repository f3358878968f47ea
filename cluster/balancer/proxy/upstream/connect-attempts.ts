import { performance } from "node:perf_hooks";
import type { Endpoint } from "../../../listen.ts";
import { isLocal } from "../../config/error-code.ts";
import type { FailureReason, ResponseHandler } from "../contract.ts";
import { connectStream } from "../io/connect.ts";
import type { ByteStream } from "../io/stream.ts";

interface ConnectAttempt {
  readonly handler: ResponseHandler;
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  readonly giveUp: () => void;
}

/** What becomes of an attempt. */
export interface ConnectOwner {
  connected(handler: ResponseHandler, stream: ByteStream): void;
  connectFailed(handler: ResponseHandler, reason: FailureReason, code: string): void;
}

/** The connections to one server that are being made, each for a request. */
export class ConnectAttempts {
  readonly #owner: ConnectOwner;
  readonly #endpoint: Endpoint;
  readonly #timeoutMs: number;
  readonly #attempts = new Set<ConnectAttempt>();

  constructor(owner: ConnectOwner, endpoint: Endpoint, timeoutMs: number) {
    this.#owner = owner;
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#attempts.size;
  }

  /** Tells the owner later what came of it. */
  connect(handler: ResponseHandler): void {
    const attempt: ConnectAttempt = {
      handler,
      deadline: performance.now() + this.#timeoutMs,
      giveUp: connectStream(this.#endpoint, (stream, code) => {
        this.#attempts.delete(attempt);
        if (stream === null) this.#owner.connectFailed(handler, isLocal(code) ? "local" : "unreachable", code);
        else this.#owner.connected(handler, stream);
      }),
    };
    this.#attempts.add(attempt);
  }

  sweep(now: number): void {
    for (const attempt of this.#attempts) {
      if (now < attempt.deadline) continue;
      this.#attempts.delete(attempt);
      attempt.giveUp();
      this.#owner.connectFailed(attempt.handler, "connect-timeout", "TIMEOUT");
    }
  }

  /** Ends all attempts, and returns whom they were for. */
  giveUp(): ResponseHandler[] {
    const attempts = [...this.#attempts];
    this.#attempts.clear();
    return attempts.map(({ handler, giveUp }) => {
      giveUp();
      return handler;
    });
  }
}
