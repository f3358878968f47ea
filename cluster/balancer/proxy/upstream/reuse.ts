/** Whether connections to one server are used for more than one request: a policy alone, which knows no connection. */

/** How long a server that closes or sends what it should not gets a connection for each request, in milliseconds. */
const MEMORY_MS = 60_000;

/**
 * A server that closes within this many milliseconds behind its response, without `Connection: close`, does so by habit. It is
 * the time that a busy machine takes to run the server on from its `write` to its `close`.
 */
const EARLY_MS = 2;

export class Reuse {
  #forbiddenUntil = Number.NEGATIVE_INFINITY;

  isAllowed(now: number): boolean {
    return now >= this.#forbiddenUntil;
  }

  /** The server closed a connection `ms` milliseconds after its last response. Returns whether that is a habit of its own. */
  recordClose(ms: number, now: number): boolean {
    if (ms <= EARLY_MS) this.forbid(now);
    return ms <= EARLY_MS;
  }

  /** The server sent bytes that nobody asked for: where they come late, a client would get the response of another. */
  forbid(now: number): void {
    this.#forbiddenUntil = now + MEMORY_MS;
  }
}
